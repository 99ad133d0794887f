"""From a requested name to what will answer."""

import pytest

from llamaswap_desktop.config import (
    Peer,
    PeerId,
    PeerModel,
    Profile,
    ProfileId,
    Selector,
    SelectorId,
    SelectorSettings,
    Strategy,
)
from llamaswap_desktop.core.resolving import Resolver
from llamaswap_desktop.errors import ModelNotFound, ModelNotGiven, NoSpilloverTarget, ProfileNotFound
from llamaswap_desktop.types import ProcessState
from tests.core.fakes import config, model

PINS = {"big": "a", "a": "org/b", "off": "", "away": "far/x", "pick": "spill", "author/m": "a"}


@pytest.fixture
def states():
    return {"a": ProcessState.STOPPED, "org/b": ProcessState.STOPPED}


@pytest.fixture
def resolver(states):
    given = config(
        model("a", aliases=("one",)),
        model("org/b"),
        peers={PeerId("far"): Peer(id=PeerId("far"), proxy="http://far", models=("x", "org/b"))},
        profiles={ProfileId("night"): Profile(id=ProfileId("night"), pins=PINS)},
        selectors={
            SelectorId("spill"): Selector(
                id=SelectorId("spill"),
                strategy=Strategy.SPILLOVER,
                targets=("one", "org/b"),
                settings=SelectorSettings(spillover=1),
            )
        },
    )
    return Resolver(given, states.__getitem__)


@pytest.mark.parametrize(
    ("requested", "model_id"),
    [
        ("a", "a"),
        ("one", "a"),
        ("org/b", "org/b"),
        ("x", PeerModel("far", "x")),
        ("far/org/b", PeerModel("far", "org/b")),
    ],
)
def test_without_a_profile_a_name_means_itself(resolver, requested, model_id):
    target = resolver.resolve(requested)
    assert (target.name, target.model, target.selector) == (requested, model_id, None)


def test_unknown_name(resolver):
    with pytest.raises(ModelNotFound, match="no router for requested model"):
        resolver.resolve("nope")


@pytest.mark.parametrize(
    ("requested", "name", "model_id"),
    [("big", "a", "a"), ("a", "org/b", "org/b"), ("one", "one", "a"), ("away", "far/x", PeerModel("far", "x"))],
)
def test_pins_apply_once_to_the_name_as_written(resolver, requested, name, model_id):
    assert resolver.set_profile("night")
    target = resolver.resolve(requested)
    assert (target.name, target.model) == (name, model_id)


def test_empty_pin_switches_a_name_off(resolver):
    resolver.set_profile("night")
    with pytest.raises(ModelNotGiven):
        resolver.resolve("off")


def test_profile_is_chosen_dropped_and_refused(resolver):
    assert resolver.set_profile("night")
    assert not resolver.set_profile("night")
    with pytest.raises(ProfileNotFound, match='profile "day" not found'):
        resolver.set_profile("day")
    assert resolver.profile == "night"
    assert resolver.set_profile("")
    assert resolver.profile is None


def test_selector_counts_until_it_is_given_back(resolver, states):
    first = resolver.resolve("spill")
    assert (first.name, first.model, first.selector) == ("one", "a", "spill")
    second = resolver.resolve("spill")
    assert second.model == "org/b", "the first has as many as it may have"
    first.release()
    first.release()
    assert resolver.resolve("spill").model == "a"
    states.update(dict.fromkeys(states, ProcessState.STOPPING))
    with pytest.raises(NoSpilloverTarget):
        resolver.resolve("spill")


def test_pin_may_lead_to_a_selector(resolver):
    resolver.set_profile("night")
    assert resolver.resolve("pick").selector == "spill"


@pytest.mark.parametrize(
    ("prefixes", "index", "model_id"),
    [
        (["a", "a/v1"], 0, "a"),
        (["org", "org/b", "org/b/a"], 1, "org/b"),
        (["far", "far/org", "far/org/b"], 2, PeerModel("far", "org/b")),
    ],
)
def test_longest_prefix_of_a_path_wins(resolver, prefixes, index, model_id):
    found, target = resolver.resolve_path(prefixes)
    assert (found, target.model) == (index, model_id)


@pytest.mark.parametrize("prefixes", [[], ["nope", "nope/x"], ["spill", "spill/x"]])
def test_path_without_a_model(resolver, prefixes):
    with pytest.raises(ModelNotFound, match="model not found"):
        resolver.resolve_path(prefixes)


def test_pins_apply_to_paths_too(resolver):
    resolver.set_profile("night")
    assert resolver.resolve_path(["author", "author/m", "author/m/x"])[1].model == "a"
    with pytest.raises(ModelNotFound):
        resolver.resolve_path(["off", "off/x"])
    with pytest.raises(ModelNotFound):
        resolver.resolve_path(["pick", "pick/x"])


def test_active_profile_stays_over_a_reload_if_it_still_exists(resolver):
    resolver.set_profile("night")
    profile = Profile(id=ProfileId("night"), pins={"big": "c"})
    resolver.reconfigure(config(model("c"), profiles={profile.id: profile}))
    assert resolver.resolve("big").model == "c"
    resolver.reconfigure(config(model("c")))
    assert resolver.profile is None
