"""Checks everything: format, lint, types, then the tests ring by ring.

    python tests/check.py            all of it
    python tests/check.py fast       one ring (fast, proof, child, real, whole, browser)
    python tests/check.py compiled   the hot modules compiled, and their tests with them; by hand, and for a release
    python tests/check.py package    what was built: executables, packages, installers; by hand, and for a release
    python tests/check.py bundle     the ring ``whole`` against the built executables; likewise
    python tests/check.py as-llama-swap   the ring ``whole`` with every deviation that can be switched back; by hand

Each step prints its seconds; a ring that takes longer than its budget fails on CI.  SOAK=1 runs the long counts.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing to run and the seconds it may take."""

    name: str
    command: tuple[str, ...]
    budget_s: float
    by_hand: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def _ring(name: str, marks: str, budget_s: float, **more: Any) -> Step:
    return Step(name, ("pytest", "-q", "-m", marks), budget_s, **more)


_BUILT = Path(__file__).parents[1] / "dist" / "llamaswap-desktop" / "llamaswap-desktop"


STEPS = (
    Step("format", ("ruff", "format", "--check", "."), 10),
    Step("lint", ("ruff", "check", "."), 20),
    Step("types", ("mypy",), 90),
    _ring(
        "fast",
        "not child and not real and not whole and not browser and not proof and not package and not compiled",
        180,
    ),
    _ring("proof", "proof", 180),
    _ring("child", "child and not real and not whole", 180),
    _ring("real", "real and not whole", 60),
    _ring("whole", "whole", 540),
    _ring("browser", "browser", 240),
    _ring("compiled", "compiled", 240, by_hand=True),
    _ring("package", "package", 900, by_hand=True),
    _ring(
        "as-llama-swap", "whole and not deviation", 900, by_hand=True, environment={"LLAMASWAP_TEST_AS_LLAMA_SWAP": "1"}
    ),
    _ring("bundle", "whole", 600, by_hand=True, environment={"LLAMASWAP_TEST_PROGRAM": str(_BUILT)}),
)


def main() -> int:
    """Run the steps that were asked for; return 0 if all of them passed."""
    wanted = sys.argv[1:] or [step.name for step in STEPS if not step.by_hand]
    unknown = set(wanted) - {step.name for step in STEPS}
    if unknown:
        print(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(step.name for step in STEPS)}")
        return 2
    print_times = []
    failed = []
    for step in STEPS:
        if step.name not in wanted:
            continue
        print(f"== {step.name}: {' '.join(step.command)}", flush=True)
        began = time.monotonic()
        environment = {**os.environ, **step.environment}
        status = subprocess.run([sys.executable, "-m", *step.command], env=environment, check=False).returncode
        seconds = time.monotonic() - began
        is_late = seconds > step.budget_s and not os.environ.get("SOAK")
        print_times.append(f"{step.name:8} {seconds:6.1f} s of {step.budget_s:.0f}{'  OVER BUDGET' if is_late else ''}")
        if status or (is_late and os.environ.get("CI")):
            failed.append(step.name)
    print("\n".join(["", *print_times]))
    if failed:
        print(f"FAILED: {', '.join(failed)}; run one again with: python tests/check.py {failed[0]}")
        return 1
    print("all checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
