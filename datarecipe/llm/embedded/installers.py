"""The installers that a user has: programs that download one wheel with the user's own index, proxy and certificates."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ERROR_LINE: Final = re.compile(r"^error\s*:\s*(.+)$", re.IGNORECASE)
_CAUSE_LINE: Final = re.compile(r"^(?:caused? by|cause)\s*:\s*(.+)$|^(Because .+)$", re.IGNORECASE)
_BROKEN: Final = re.compile(r"connection broken by '(.+)':? ")
_OBJECT: Final = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>(?:: |, )?")
_USER_INFO: Final = re.compile(r"//[^/@\s]+@")


def installer(target: Path, requirement: str) -> tuple[str, Sequence[str]] | None:
    """The best that can download a wheel here, if any: its name and its command, which leaves the wheel or its content.

    A wheel is asked for and nothing else (`--only-binary`): a source distribution would run a stranger's code. `-P`
    keeps the working folder out of Python's path for the same reason.
    """
    download = ("download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input")
    options = ("--progress-bar", "off", "--disable-pip-version-check", "--dest", str(target), requirement)
    if _has_pip():
        return "pip", (sys.executable, "-P", "-m", "pip", *download, *options)
    if (wheel := _bundled_pip()) is not None:
        return "Python's bundled pip", (sys.executable, f"{wheel}/pip", *download, *options)
    if (uv := shutil.which("uv")) is not None:
        install = ("pip", "install", "--no-deps", "--only-binary", ":all:", "--no-cache", "--no-progress")
        place = ("--no-compile-bytecode", "--python", sys.executable, "--target", str(target), requirement)
        return "uv", (uv, *install, *place)
    return None


def _has_pip() -> bool:
    """Asked of a child, the way it will run: pip must not be imported here, and `-P` may change what is found."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    return subprocess.run((sys.executable, "-P", "-c", code), check=False, capture_output=True).returncode == 0  # noqa: S603


def _bundled_pip() -> Path | None:
    """The pip wheel that Python brings for `ensurepip`; distributions that unbundle it say where theirs lies."""
    try:
        import ensurepip  # noqa: PLC0415 - some distributions leave the module out
    except ImportError:
        return None
    folders = [Path(ensurepip.__file__).parent / "_bundled"]
    if elsewhere := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        folders.append(Path(elsewhere))
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"), reverse=True)), None)


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
