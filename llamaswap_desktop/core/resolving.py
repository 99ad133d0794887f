"""From a requested name to what will answer: profile, selector, model (HTTP specification, sections 6.3, 7 and 8)."""

from collections.abc import Callable, Sequence

from llamaswap_desktop.config import Config, PeerModel, Profile, ProfileId, SelectorId
from llamaswap_desktop.errors import ModelNotFound, ModelNotGiven, ProfileNotFound
from llamaswap_desktop.routing import Chosen, Selectors, pin_for
from llamaswap_desktop.types import ModelId, ProcessState


class Target:
    """What a request goes to.

    ``name`` is what the request has to carry instead of the name that was asked for: the target of a pin or of a
    selector, else that very name.  ``release`` gives a selector's choice back, once the request has ended.
    """

    __slots__ = ("_give_back", "model", "name", "selector")

    def __init__(
        self,
        name: str,
        model: ModelId | PeerModel,
        selector: SelectorId | None = None,
        give_back: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.selector = selector
        self._give_back = give_back

    def release(self) -> None:
        """Count the request no more; safe to repeat."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class Resolver:
    """Knows the active profile and what each selector has under way."""

    def __init__(self, config: Config, state_of: Callable[[ModelId], ProcessState]) -> None:
        self._config = config
        self._state_of = state_of
        self._selectors = Selectors(config.selectors, config.resolve)
        self._profile: Profile | None = None

    @property
    def profile(self) -> str | None:
        """The name of the active profile."""
        return self._profile.id if self._profile is not None else None

    def set_profile(self, name: str | None) -> bool:
        """Make a profile active; tell whether that changed anything.  Raises ``ProfileNotFound``."""
        before = self.profile
        if not name:
            self._profile = None
        elif (profile := self._config.profiles.get(ProfileId(name))) is not None:
            self._profile = profile
        else:
            raise ProfileNotFound(name)
        return self.profile != before

    def reconfigure(self, config: Config) -> None:
        """Go by another configuration; the active profile stays if it still exists."""
        self._config = config
        self._selectors.reconfigure(config.selectors, config.resolve)
        if self._profile is not None:
            self._profile = config.profiles.get(self._profile.id)

    def resolve(self, requested: str) -> Target:
        """Return what a request for ``requested`` goes to.

        Raises ``ModelNotGiven`` for a name that the profile switches off, ``ModelNotFound``, ``NoSpilloverTarget``.
        """
        pin = pin_for(self._profile, requested)
        name = requested if pin is None else pin.target
        if not name:
            raise ModelNotGiven
        if (selector := SelectorId(name)) in self._config.selectors:
            chosen = self._selectors.choose(selector, self._state_of)
            return Target(chosen.name, chosen.target, selector, lambda: self._give_back(chosen))
        model = self._config.resolve(name)
        if model is None:
            raise ModelNotFound("no router for requested model")
        return Target(name, model)

    def _give_back(self, chosen: Chosen) -> None:
        self._selectors.give_back(chosen)

    def resolve_path(self, prefixes: Sequence[str]) -> tuple[int, Target]:
        """Find the model in a path below ``/upstream/``.

        ``prefixes`` are the decoded path cut after one segment, after two, and so on.  The longest that is a pin
        wins, else the longest that is a model; returns its index and the target.  Selectors are unknown there.
        Raises ``ModelNotFound``.
        """
        pins = ((index, pin) for index, name in enumerate(prefixes) if (pin := pin_for(self._profile, name)))
        longest_pin = max(pins, default=None)
        candidates = enumerate(prefixes) if longest_pin is None else [(longest_pin[0], longest_pin[1].target)]
        found = [(index, name, model) for index, name in candidates if (model := self._config.resolve(name))]
        if not found:
            raise ModelNotFound("model not found")
        index, name, model = found[-1]
        return index, Target(name, model)
