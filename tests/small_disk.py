"""A file system of a few kilobytes, and room on it later. Only root may mount one; else a test is skipped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A tmpfs of that size at `place`."""
    place.mkdir()
    if not sys.platform.startswith("linux"):
        pytest.skip("a file system in memory is mounted on Linux alone")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def make_room(disk: Path) -> None:
    """64 MB."""
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
