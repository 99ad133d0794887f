"""Models for browser tests, in the configuration's words."""

import json
import sys
from pathlib import Path

from tests.whole.program import free_ports

RESPONDER = Path(__file__).parent.parent / "children" / "responder.py"


def responder(model: str, *flags: str, more: str = "") -> str:
    """A model of tests/children/responder.py; ``more`` are further lines of its block, indented by four."""
    words = [sys.executable, str(RESPONDER), "--port", "${PORT}", *flags]
    command = " ".join(f"'{word}'" for word in words)
    return f"  {json.dumps(model)}:\n    cmd: {json.dumps(command)}\n{more}"


def configuration(*models: str, more: str = "") -> str:
    return f"startPort: {free_ports()}\n{more}models:\n" + "".join(models)
