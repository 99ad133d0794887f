"""The table of contents of the control routes: which handler answers what (HTTP specification, sections 7 to 31).

Which paths exist, and who may ask for them, is ``http1.ROUTES``'s business.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from llamaswap_desktop.activity import ActivityLog
from llamaswap_desktop.core import Core, Reloader
from llamaswap_desktop.http1 import ROUTES
from llamaswap_desktop.logs import Logs
from llamaswap_desktop.monitor import Hardware, Sampler
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.web.activity import Activity
from llamaswap_desktop.web.answers import drop_server_header, explain_errors
from llamaswap_desktop.web.desktop_commands import DesktopCommands
from llamaswap_desktop.web.desktop_config import DesktopConfig
from llamaswap_desktop.web.desktop_diagnose import DesktopDiagnose
from llamaswap_desktop.web.desktop_plans import DesktopPlans
from llamaswap_desktop.web.desktop_settings import DesktopSettings
from llamaswap_desktop.web.desktop_state import DesktopState
from llamaswap_desktop.web.events import Events
from llamaswap_desktop.web.inflight import Inflight
from llamaswap_desktop.web.logs import LogPages
from llamaswap_desktop.web.machine import Machine, Version
from llamaswap_desktop.web.models import Models
from llamaswap_desktop.web.pages import Pages
from llamaswap_desktop.web.profiles import Profiles
from llamaswap_desktop.web.running import Running
from llamaswap_desktop.web.stream import Streams


class Api:
    """Answers every route that is not a model's.

    ``sampler`` returns None while the monitor is switched off, ``hardware`` what this machine is made of, once that is
    known.  ``config_backups`` is where earlier versions of the configuration file are kept.
    """

    def __init__(
        self,
        *,
        core: Core,
        activity: ActivityLog,
        logs: Logs,
        sampler: Callable[[], Sampler | None],
        hardware: Callable[[], Awaitable[Hardware | None]],
        reloader: Reloader,
        config_backups: Path,
        settings: SettingsFile,
        version: Version,
    ) -> None:
        self._streams = Streams()
        models = Models(core)
        running = Running(core)
        profiles = Profiles(core)
        events = Events(core, activity, logs, self._streams)
        inflight = Inflight(activity)
        requests = Activity(activity)
        machine = Machine(version, sampler, hardware)
        log_pages = LogPages(core, logs, self._streams)
        pages = Pages()
        state = DesktopState(core, version, sampler, self._streams)
        commands = DesktopCommands(core, reloader)
        self._config = config = DesktopConfig(core, reloader, config_backups)
        desktop_settings = DesktopSettings(settings)
        plans = DesktopPlans(core)
        diagnose = DesktopDiagnose(core, logs, version, hardware, settings)
        self.answers: Mapping[tuple[str, str], Handler] = {
            ("GET", "/health"): machine.health,
            ("GET", "/wol-health"): machine.health,
            ("GET", "/v1/models"): models.list,
            ("GET", "/models"): models.list,
            ("GET", "/running"): running.list,
            ("GET", "/unload"): running.unload_all,
            ("POST", "/api/models/unload"): running.unload_all_for_json,
            ("POST", "/api/models/unload/{rest}"): running.unload_one,
            ("GET", "/api/profiles"): profiles.list,
            ("PUT", "/api/profiles/active"): profiles.choose,
            ("GET", "/api/events"): events.stream,
            ("POST", "/api/inflight/{rest}"): inflight.cancel,
            ("GET", "/api/metrics/activity"): requests.page,
            ("GET", "/api/metrics/stats"): requests.stats,
            ("GET", "/api/captures/{rest}"): requests.capture,
            ("GET", "/api/performance"): machine.performance,
            ("GET", "/api/version"): machine.version,
            ("GET", "/api/hardware"): machine.hardware,
            ("GET", "/metrics"): machine.metrics,
            ("GET", "/logs"): log_pages.history,
            ("GET", "/logs/stream"): log_pages.stream,
            ("GET", "/logs/stream/{rest}"): log_pages.stream,
            ("GET", "/ui/{rest}"): pages.page,
            ("GET", "/favicon.ico"): pages.favicon,
            ("GET", "/api/desktop/state"): state.show,
            ("GET", "/api/desktop/events"): state.stream,
            ("GET", "/api/desktop/plans"): plans.show,
            ("POST", "/api/desktop/commands/{rest}"): commands.carry_out,
            ("GET", "/api/desktop/loads"): requests.loads,
            ("GET", "/api/desktop/config"): config.show,
            ("PUT", "/api/desktop/config"): config.save,
            ("POST", "/api/desktop/config/validate"): config.validate,
            ("POST", "/api/desktop/config/diff"): config.compare,
            ("GET", "/api/desktop/config/effective"): config.show_effective,
            ("GET", "/api/desktop/config/schema"): config.show_schema,
            ("POST", "/api/desktop/config/models"): config.list_models,
            ("POST", "/api/desktop/config/edit"): config.edit,
            ("GET", "/api/desktop/config/backups"): config.list_backups,
            ("GET", "/api/desktop/config/backups/{rest}"): config.show_backup,
            ("POST", "/api/desktop/config/backups/{rest}"): config.restore,
            ("GET", "/api/desktop/settings"): desktop_settings.show,
            ("PUT", "/api/desktop/settings"): desktop_settings.change,
            ("POST", "/api/desktop/diagnose"): diagnose.collect,
        }

    def build_runner(self) -> web.AppRunner:
        """Return what runs the aiohttp application; a handler is cancelled when its client leaves."""
        app = web.Application(middlewares=[explain_errors], client_max_size=0)
        app.on_response_prepare.append(drop_server_header)
        for route in ROUTES:
            if (handler := self.answers.get((route.method, route.path))) is not None:
                path = route.path.replace("{rest}", "{rest:.*}")
                app.router.add_route(route.method, path, handler)
                if route.method == "GET":
                    app.router.add_route("HEAD", path, handler)
        return web.AppRunner(
            app, handle_signals=False, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )

    def end_streams(self) -> None:
        """End every stream: they would hold up whoever waits for running answers (runtime, section 10.2)."""
        self._streams.end()

    def close(self) -> None:
        """Finish what is being written to disk."""
        self._config.close()
