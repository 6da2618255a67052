"""A page that is put together from files and locked by its content-security policy: one style and one script count."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

_MARK: Final = re.compile(r"@@(\w+)@@")
_REPORT: Final = "datarecipe.report"


def policy(style: str, script: str, connect: str = "") -> str:
    """The content-security policy: nothing may be fetched but from `connect`, and this style and this script alone count."""
    return (
        f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; {connect and f'connect-src {connect}; '}"
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )


def page_files(names: Sequence[str], package: str = _REPORT) -> str:
    """Files of the folder `page` of a package, one after another."""
    return "\n" + "\n".join(page_file(name, package).strip() for name in names) + "\n"


def page_file(name: str, package: str = _REPORT) -> str:
    """A file of the folder `page` of a package."""
    return files(package).joinpath("page", name).read_text(encoding="utf-8")


def filled(page: str, parts: Mapping[str, str]) -> str:
    """The page with its marks replaced, once: what is put in is not looked at again."""
    return _MARK.sub(lambda found: parts[found[1]], page).encode("utf-8", "backslashreplace").decode()


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
