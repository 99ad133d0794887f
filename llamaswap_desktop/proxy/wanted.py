"""The members of a JSON body that a request is served by, as msgspec decodes them: the fast path of ``json_body``."""

import msgspec


class Wanted(msgspec.Struct, gc=False):
    """``stream`` is the spelling of its value, empty if there is none."""

    model: str
    stream: msgspec.Raw = msgspec.Raw()


wanted_of = msgspec.json.Decoder(Wanted).decode
"""Decodes a body; raises ``msgspec.MsgspecError``."""
