"""The releases that are installed: no known hole below a lower bound, and everything pinned in constraints.txt."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.oldest import PYPROJECT, needed, oldest

CONSTRAINTS = PYPROJECT.with_name("constraints.txt")

# The first release without each of the known holes, as of November 2026. What has no release without one is not here:
# diskcache unpickles what it reads (CVE-2025-69872), which is closed in llm/cache/cache_file.py.
MENDED = [
    ("aiohttp", "3.13.3", "CVE-2025-69223"),  # a compressed body without bound
    ("aiohttp", "3.13.4", "CVE-2026-22815"),  # trailers without bound
    ("aiohttp", "3.14.1", "CVE-2026-54276"),
    ("aiohttp", "3.14.3", "CVE-2026-69244"),
    ("aiohttp", "3.14.4", "PYSEC-2026-4371"),
    ("certifi", "2024.7.4", "CVE-2024-39689"),
    ("click", "8.3.3", "CVE-2026-7246"),  # of `edit`, which is not called here; its authors dispute it
    ("filelock", "3.20.1", "CVE-2025-68146"),  # a lock that is a link empties the file that it leads to
    ("filelock", "3.20.3", "CVE-2026-22701"),
    ("filelock", "4.2.1", "CVE-2026-112909"),  # and one that is renamed onto the lock
    ("jinja2", "3.1.6", "CVE-2025-27516"),  # a way out of the sandbox
    ("litellm", "1.83.10", "CVE-2026-40217"),
    ("litellm", "1.84.0", "CVE-2026-49468"),
    ("pyyaml", "5.4", "CVE-2020-14343"),
    ("pyyaml", "6.0.4", "CVE-2026-44842"),  # of libyaml 0.2.5: nesting without bound
]
MALWARE = [("litellm", "1.82.7"), ("litellm", "1.82.8")]  # MAL-2026-2144


def pins() -> dict[str, list[Requirement]]:
    """The lines of constraints.txt by distribution; several where the Python or the platform decides."""
    found: dict[str, list[Requirement]] = {}
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            requirement = Requirement(line)
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def pin(name: str) -> Version | None:
    """The version pinned for this Python and platform."""
    here = [each for each in pins().get(canonicalize_name(name), []) if each.marker is None or each.marker.evaluate()]
    return Version(next(iter(here[0].specifier)).version) if here else None


def extras() -> dict[str, list[Requirement]]:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return {name: [Requirement(line) for line in lines] for name, lines in project["optional-dependencies"].items()}


def named() -> list[Requirement]:
    """All that pyproject.toml names, for users and for developers."""
    every = [*needed(), *(each for lines in extras().values() for each in lines)]
    return [each for each in every if each.name != "datarecipe-llm"]


@pytest.mark.parametrize(("name", "version", "hole"), MENDED)
def test_no_lower_bound_allows_a_known_hole(name: str, version: str, hole: str) -> None:
    (requirement,) = (each for each in needed() if each.name == name)
    assert oldest(requirement) >= Version(version), hole


@pytest.mark.parametrize(("name", "version"), MALWARE)
def test_releases_with_malware_are_not_allowed(name: str, version: str) -> None:
    (requirement,) = (each for each in needed() if each.name == name)
    assert version not in requirement.specifier


@pytest.mark.parametrize("requirement", needed(), ids=str)
def test_the_oldest_and_the_pinned_release_are_allowed(requirement: Requirement) -> None:
    assert oldest(requirement) in requirement.specifier
    pinned = pin(requirement.name)
    assert pinned is not None
    assert pinned in requirement.specifier


def test_the_constraints_pin_everything_that_pyproject_names() -> None:
    assert [each.name for each in named() if pin(each.name) is None] == []


def test_versions_of_the_tools_stand_in_the_constraints_alone() -> None:
    lists = extras()
    assert [str(each) for each in (*lists["test"], *lists["dev"]) if each.specifier or each.url] == []


def test_the_constraints_hold_names_versions_and_markers_alone() -> None:
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            assert "/" not in line
        else:
            assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [a-z0-9_.'=<>!* ()]+)?", line, re.IGNORECASE), line


def _brought(requirement: Requirement) -> list[Requirement]:
    """What an installed distribution requires here, with the extras that are asked of it."""
    try:
        lines = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:  # one of the tools that only `make lint` needs
        return []
    wanted = requirement.extras or {""}
    every = [Requirement(line) for line in lines]
    return [
        each for each in every if not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in wanted)
    ]


def test_the_constraints_pin_what_the_dependencies_bring() -> None:
    if any(pin(each.name) != Version(metadata.version(each.name)) for each in needed()):
        pytest.skip("other releases than the pinned ones are installed: they may bring others")
    todo, seen = named(), set[str]()
    while todo:
        each = todo.pop()
        if str(each) not in seen:
            seen.add(str(each))
            assert pin(each.name) is not None, each.name
            todo += _brought(each)
