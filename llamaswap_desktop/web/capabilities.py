"""What a model can do, in the words of ``/v1/models`` (HTTP specification, section 13)."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from llamaswap_desktop.config import Capabilities


class Flags(Struct, frozen=True, omit_defaults=True):
    """What a model is good for; only what is true is shown."""

    vision: bool = False
    audio_transcriptions: bool = False
    audio_speech: bool = False
    image_generation: bool = False
    image_to_image: bool = False
    function_calling: bool = False
    reranker: bool = False


class Architecture(Struct, frozen=True):
    """What goes in and what comes out."""

    input_modalities: Sequence[str] | UnsetType = UNSET
    output_modalities: Sequence[str] | UnsetType = UNSET
    modality: str | UnsetType = UNSET


def flags_of(capabilities: Capabilities) -> Flags | UnsetType:
    """Return the flags, or nothing if none is true."""
    takes, gives = set(capabilities.inputs), set(capabilities.outputs)
    flags = Flags(
        vision="image" in takes,
        audio_transcriptions="audio" in takes and "text" in gives,
        audio_speech="text" in takes and "audio" in gives,
        image_generation="text" in takes and "image" in gives,
        image_to_image="image" in takes and "image" in gives,
        function_calling=capabilities.tools,
        reranker=capabilities.reranker,
    )
    return UNSET if flags == Flags() else flags


def architecture_of(capabilities: Capabilities) -> Architecture | UnsetType:
    """Return the architecture, or nothing if neither side is configured."""
    takes, gives = capabilities.inputs, capabilities.outputs
    if not takes and not gives:
        return UNSET
    return Architecture(
        input_modalities=takes or UNSET,
        output_modalities=gives or UNSET,
        modality=f"{'+'.join(takes)}->{'+'.join(gives)}" if takes and gives else UNSET,
    )
