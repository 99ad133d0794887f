"""What is done to the requests of each target, prepared once per configuration."""

from llamaswap_desktop.config import Filters, Peer, PeerId, PeerModel
from llamaswap_desktop.proxy.treatment import Treatment, Treatments
from tests.core.fakes import config, model


def test_treatments_of_models_and_peers():
    peer = Peer(id=PeerId("far"), proxy="http://x", models=("big",), filters=Filters(set_params={"b": 1, "a": [None]}))
    its = config(model("plain"), model("renamed", use_model_name="up"), peers={peer.id: peer})
    treatments = Treatments()
    assert treatments.of("plain", its) == Treatment()
    assert treatments.of("plain", its).is_idle_for("plain")
    assert treatments.of("renamed", its).use_model_name == "up"
    far = treatments.of(PeerModel(peer.id, "big"), its)
    assert list(far.settings_for("big")) == [("a", b"[null]"), ("b", b"1")]


def test_another_configuration_is_prepared_anew():
    treatments = Treatments()
    first = treatments.of("m", one := config(model("m")))
    assert treatments.of("m", one) is first
    assert treatments.of("m", config(model("m", use_model_name="up"))).use_model_name == "up"
