"""The installers that a user has: programs that download one wheel with the user's own index, proxy and certificates.

So no host stands here, and a company's mirror works. None of the wheel's code is ever run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ERROR_LINE: Final = re.compile(r"^error\s*:\s*(.+)$", re.IGNORECASE)
_CAUSE_LINE: Final = re.compile(r"^(?:caused? by|cause)\s*:\s*(.+)$|^(Because .+)$", re.IGNORECASE)
_BROKEN: Final = re.compile(r"connection broken by '(.+)':? ")
_OBJECT: Final = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>(?:: |, )?")
_USER_INFO: Final = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Installer:
    """A program that can download one wheel with the user's own settings."""

    name: str
    command: Sequence[str]
    unpacks: bool
    """Whether it leaves the wheel's content in the target instead of the wheel."""


def installers(target: Path, requirement: str) -> Iterator[Installer]:
    """What can download a wheel here, best first.

    A wheel is asked for and nothing else (`--only-binary`): a source distribution would run a stranger's code. `-P`
    keeps the working folder out of Python's path for the same reason.
    """
    download = ("download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input")
    options = ("--progress-bar", "off", "--disable-pip-version-check", "--dest", str(target), requirement)
    if _has_pip():
        yield Installer("pip", (sys.executable, "-P", "-m", "pip", *download, *options), unpacks=False)
    for wheel in _bundled_pips():
        yield Installer("Python's bundled pip", (sys.executable, f"{wheel}/pip", *download, *options), unpacks=False)
    uv = shutil.which("uv")
    if uv is not None:
        install = ("pip", "install", "--no-deps", "--only-binary", ":all:", "--no-cache", "--no-progress")
        place = ("--no-compile-bytecode", "--python", sys.executable, "--target", str(target), requirement)
        yield Installer("uv", (uv, *install, *place), unpacks=True)


def _has_pip() -> bool:
    """Asked of a child, the way it will run: pip must not be imported here, and `-P` may change what is found."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    return subprocess.run((sys.executable, "-P", "-c", code), check=False, capture_output=True).returncode == 0  # noqa: S603


def _bundled_pips() -> Iterator[Path]:
    """The pip wheel that Python brings for `ensurepip`; distributions that unbundle it say where theirs lies."""
    try:
        import ensurepip  # noqa: PLC0415 - some distributions leave the module out
    except ImportError:
        return
    folders = [Path(ensurepip.__file__).parent / "_bundled"]
    elsewhere = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if elsewhere:
        folders.append(Path(str(elsewhere)))
    for folder in folders:
        yield from sorted(folder.glob("pip-*.whl"), reverse=True)


def last_useful_line(output: str) -> str:
    """What an installer's output comes to, in one line that is safe to show.

    pip ends with "No matching distribution found" whatever the reason, and says in warnings before it what broke the
    connection; uv puts the reasons below the error. Passwords in addresses are left out.
    """
    printable = ("".join(c if c.isprintable() else " " for c in line) for line in output.splitlines())
    lines = [" ".join(line.strip(" │╰├─▶×").split()) for line in printable]
    lines = [_OBJECT.sub("", _USER_INFO.sub("//", line)) for line in lines if line and not line.startswith("hint:")]
    errors = [match[1] for line in lines if (match := _ERROR_LINE.match(line))]
    causes = [match[1] for line in lines if (match := _BROKEN.search(line))]
    causes += [match[1] or match[2] for line in lines if (match := _CAUSE_LINE.match(line))]
    text = (errors or causes or lines or ["nothing"])[-1]
    if errors and causes:
        text += f" ({causes[-1]})"
    return text if len(text) <= 400 else text[:400] + " ..."
