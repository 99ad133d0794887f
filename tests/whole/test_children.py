"""What a model server finds around itself: the user's environment, whatever the program was built into."""

import os
import re
import shlex
import sys
from pathlib import Path

import psutil
import pytest

from tests.whole.program import profile, running_program
from tests.whole.test_life import RESPONDER, config

pytestmark = [pytest.mark.whole, pytest.mark.linux]

SHOWN_BY_THE_SHELL = {"_", "SHLVL", "PWD", "OLDPWD"}


def telling_model(told: Path) -> str:
    """A model server that writes its environment down before it serves."""
    script = f"env -0 > {told}; exec {sys.executable} {RESPONDER} --port ${{PORT}} --name m"
    return f"  m:\n    cmd: sh -c {shlex.quote(script)}\n"


def environment_in(file: Path) -> dict[str, str]:
    entries = (entry.partition("=") for entry in file.read_text().split("\0") if entry)
    return {name: value for name, _, value in entries if name not in SHOWN_BY_THE_SHELL}


@pytest.mark.parametrize("library_path", [None, "/opt/cuda/lib64:/opt/rocm/lib"])
async def test_model_has_the_environment_of_the_user_and_the_mark(tmp_path, library_path):
    told = tmp_path / "told"
    ours = {"PATH": f"{os.environ['PATH']}:/opt/mine", "XDG_DATA_DIRS": "/opt/data"}
    if library_path is not None:
        ours["LD_LIBRARY_PATH"] = library_path
    async with running_program(tmp_path, config(telling_model(told)), environment=ours) as program:
        assert (await program.chat("m"))[0] == 200
        seen = environment_in(told)
        mark = seen.pop("LLAMASWAP_DESKTOP_RUN")
        assert re.fullmatch("[0-9a-f]{16}:1", mark)
        wanted = {**profile(tmp_path), **ours}
        assert seen == {name: value for name, value in wanted.items() if name not in SHOWN_BY_THE_SHELL}


async def test_model_loads_no_library_of_the_program(tmp_path):
    async with running_program(tmp_path, config(telling_model(tmp_path / "told"))) as program:
        assert (await program.chat("m"))[0] == 200
        children = psutil.Process(program.process.pid).children(recursive=True)
        models = [child for child in children if str(RESPONDER) in child.cmdline()]
        assert models
        for model in models:
            assert not [region.path for region in model.memory_maps() if "/_internal/" in region.path]
