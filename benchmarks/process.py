"""A whole process and what it cost."""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import datarecipe

_KILOBYTES = 1 if sys.platform == "linux" else 1024
"""What `ru_maxrss` counts in, in units of a kilobyte: macOS counts bytes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    wall: float
    """Seconds by the clock, from its start to its end."""
    processor: float
    """Seconds of the processor, the system's work for it included."""
    peak_mb: float
    """The most memory that it held at once, in 10^6 bytes."""
    exit_code: int = 0
    said: str = ""
    """The end of what it wrote to standard error."""


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with what a measured process needs.

    With PYTHONDONTWRITEBYTECODE every start would compile every module. litellm, when a script imports it, would fetch its
    price map, and one that has no network would wait for that.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_API_KEY": "x"} | more


def compile_package() -> None:
    """Compile datarecipe's modules, so that no measured process has to."""
    compileall.compile_dir(Path(datarecipe.__file__).parent, quiet=2)


def cost_of(
    command: Sequence[str],
    folder: Path,
    *,
    expected: Collection[int] = (0,),
    variables: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command in `folder` to its end. Ends this program, with what was said, at an exit code that is not `expected`.

    With nothing expected every exit code is welcome.
    """
    with tempfile.TemporaryFile(dir=folder) as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment(**(variables or {})), stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        message = said.read().decode(errors="replace")[-3000:]
    if expected and process.returncode not in expected:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{message}")
    peak = used.ru_maxrss / _KILOBYTES * 1024 / 1e6
    return Cost(wall, used.ru_utime + used.ru_stime, peak, process.returncode, message)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure, and the highest exit code."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.processor for cost in costs),
        statistics.median(cost.peak_mb for cost in costs),
        max(cost.exit_code for cost in costs),
    )
