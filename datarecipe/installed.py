"""Which version of a distribution is installed, as importlib.metadata says it, without its 15 ms for most of them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import find_spec


def version_of(distribution: str) -> str | None:
    """The version of `distribution`, whose package has the same name; None where it is not installed.

    The name of its folder says it, `jinja2-3.1.6.dist-info` (PyPA, "Recording installed projects"). What is importable and
    has no such folder, as in some Linux distributions, is asked of importlib.metadata.
    """
    start = f"{distribution}-"
    for place in sys.path:
        with suppress(OSError):  # a place that is no folder, or is not there
            for name in os.listdir(place or "."):  # noqa: PTH208 - names, hundreds of them
                is_named = name.endswith(".dist-info") and name.lower().startswith(start)
                if is_named and os.path.exists(os.path.join(place, name, "METADATA")):  # noqa: PTH110, PTH118
                    return name[len(start) : -len(".dist-info")]
    if find_spec(distribution) is None:
        return None
    from importlib import metadata  # noqa: PLC0415

    with suppress(metadata.PackageNotFoundError):
        return metadata.version(distribution)
    return None
