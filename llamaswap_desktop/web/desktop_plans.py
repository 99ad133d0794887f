"""What loading a model would unload, by policy (runtime specification, section 14.14; keys: ``docs/api.md``)."""

from collections.abc import Sequence

from aiohttp import web
from msgspec import Struct

from llamaswap_desktop.core import Core, PolicyPlan
from llamaswap_desktop.errors import RequestRefused
from llamaswap_desktop.types import ModelId
from llamaswap_desktop.web.answers import json_answer


class Plans(Struct, frozen=True):
    """The answer."""

    model: ModelId
    plans: Sequence[PolicyPlan]


class DesktopPlans:
    """Answers ``/api/desktop/plans``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, request: web.Request) -> web.Response:
        """Return the plan of each policy for the model of the query, id or alias."""
        if not (name := request.query.get("model", "")):
            raise RequestRefused("say which model is meant: /api/desktop/plans?model=ID")
        model = self._core.resolve_local(name)
        return json_answer(Plans(model, self._core.plans(model)))
