"""A run's folder: whole or untouched, one writer, one run, whatever happens in between."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import RunConflictError, RunLockedError, StorageError
from datarecipe.exchange import Completion
from datarecipe.generate.events import Accepted, Committed, Event, Lineage, RejectedItem
from datarecipe.generate.prompt.render import example_text
from datarecipe.run_folder.json_records import json_line
from datarecipe.run_folder.run_files import storage_errors
from datarecipe.run_folder.write.ownership import conflict
from datarecipe.run_folder.write.writer import RunFolder
from tests.generate.recipes import REQUEST

ROOT = Path(__file__).parents[2]
FILES = ["README.md", "data.jsonl", "lineage.jsonl", "manifest.json", "rejected.jsonl"]


def accepted(text: str) -> Accepted:
    return Accepted({"text": text, "label": "да"}, Lineage(f"id of {text}", "parent", 2, "root:3", 4, 1))


def rejected(raw: str) -> RejectedItem:
    return RejectedItem("malformed", "not JSON", raw, "parent", 1, "root:0", 0, 0)


def write(folder: Path, identity: str, *texts: str, overwrite: bool = False, status: str = "complete") -> int:
    """A whole run; says how many lines of it were there before."""
    with RunFolder(folder, identity, overwrite=overwrite) as writing:
        for text in texts:
            writing.write(accepted(text))
        writing.replace({"identity": identity, "status": status}, f"card of {identity}\n")
        return writing.lines_before


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.iterdir() if path.name != ".lock" and not path.is_symlink())
    return {path.name: path.read_bytes() for path in files}


def whole_files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in snapshot(folder).items() if not name.endswith(".partial")}


def texts_in(folder: Path) -> list[str]:
    with (folder / "data.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


@contextlib.contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A second process that runs `script`, ended when the test is."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


# --- what is written


def test_a_folder_holds_the_files_of_the_run_and_nothing_partial(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "facts"
    events: list[Event] = [
        accepted("a"),
        rejected("x"),
        accepted("b"),
        Committed(0, REQUEST, Completion("", "stop", None, "m", "t", "now"), 2, 1, 0),
    ]
    with RunFolder(folder, "A", overwrite=False) as writing:
        for event in events:
            writing.write(event)
        assert not (folder / "data.jsonl").exists(), "the old files stay until the end"
        writing.replace({"identity": "A", "name": "снег"}, "# card\n")
    assert sorted(snapshot(folder)) == FILES
    assert texts_in(folder) == ["a", "b"]
    assert (
        folder / "data.jsonl"
    ).read_bytes() == '{"text": "a", "label": "да"}\n{"text": "b", "label": "да"}\n'.encode()
    lineage = [json.loads(line) for line in (folder / "lineage.jsonl").read_text().splitlines()]
    assert lineage[1] == {
        "id": "id of b",
        "parent": "parent",
        "depth": 2,
        "lane": "root:3",
        "request": 4,
        "index": 1,
    }
    (row,) = [json.loads(line) for line in (folder / "rejected.jsonl").read_text().splitlines()]
    assert (row["reason"], row["detail"], row["raw"]) == ("malformed", "not JSON", "x")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == {"identity": "A", "name": "снег", "files": manifest["files"]}
    assert manifest["files"] == {
        name: {
            "lines": len((folder / name).read_bytes().splitlines()),
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in ("data.jsonl", "lineage.jsonl", "rejected.jsonl", "README.md")
    }
    assert (folder / "README.md").read_text() == "# card\n"


def test_a_dataset_that_somebody_changed_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path, "A", "a", "b")
    data = tmp_path / "data.jsonl"
    theirs = data.read_text(encoding="utf-8").replace('"a"', '"z"')
    data.write_text(theirs, encoding="utf-8")
    with (
        pytest.raises(RunConflictError, match=r"was changed .* \(2 lines now\)") as raised,
        RunFolder(tmp_path, "A", overwrite=False),
    ):
        pass
    assert "--overwrite" in str(raised.value)
    assert data.read_text(encoding="utf-8") == theirs
    data.write_text(theirs + theirs, encoding="utf-8")
    with pytest.raises(RunConflictError, match="4 lines now"), RunFolder(tmp_path, "A", overwrite=False):
        pass
    with RunFolder(tmp_path, "A", overwrite=True) as writing:
        assert writing.lines_before == 0, "those are not the run's"
    data.unlink()
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        assert writing.lines_before == 0, "what is gone cannot be lost"


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl", "rejected.jsonl", "README.md"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_somebody_changes_while_a_run_goes_on_stays(tmp_path: Path, name: str, *, overwrite: bool) -> None:
    write(tmp_path, "A", "a")
    with RunFolder(tmp_path, "A", overwrite=overwrite) as writing:
        writing.write(accepted("a"))
        with (tmp_path / name).open("a") as file:
            file.write("mine\n")
        before = whole_files(tmp_path)
        with pytest.raises(RunConflictError, match=rf"{name} was changed while the run went on"):
            writing.replace({"identity": "A"}, "card\n")
    assert snapshot(tmp_path) == before
    with pytest.raises(RunConflictError, match=rf"{name} was changed since its run wrote it"):
        write(tmp_path, "A", "a", "b")
    write(tmp_path, "A", "a", "b", overwrite=True)
    assert texts_in(tmp_path) == ["a", "b"]


def test_a_file_that_cannot_be_read_is_refused_as_such(tmp_path: Path) -> None:
    write(tmp_path, "A", "a")
    (tmp_path / "data.jsonl").unlink()
    (tmp_path / "data.jsonl").symlink_to("/proc/self/mem")
    refusal = conflict(tmp_path, "A", {})
    assert "data.jsonl cannot be read: Input/output error" in str(refusal)
    write(tmp_path, "A", "a", overwrite=True)
    assert texts_in(tmp_path) == ["a"]
    assert not (tmp_path / "data.jsonl").is_symlink()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_a_files_place_is_told_before_anything_is_asked(
    tmp_path: Path, name: str, *, overwrite: bool
) -> None:
    (tmp_path / name).mkdir()
    with (
        pytest.raises(RunConflictError, match=f"{name} is a folder"),
        RunFolder(tmp_path, "A", overwrite=overwrite),
    ):
        pytest.fail("entered")


def test_what_is_kept_gets_the_cost_so_far(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.write(accepted("a"))
        writing.replace({"identity": "A", "cost": {"all_runs": 1, "this_run": 1}}, "")
    before = snapshot(tmp_path)
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.write(accepted("other"))
        writing.keep({"all_runs": 2})
    after = snapshot(tmp_path)
    assert json.loads(after.pop("manifest.json"))["cost"] == {"all_runs": 2, "this_run": 1}
    before.pop("manifest.json")
    assert after == before


def test_nothing_is_kept_where_nothing_was(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.keep({"all_runs": 2})
    assert snapshot(tmp_path) == {}


def test_until_the_end_the_old_files_stay(tmp_path: Path) -> None:
    write(tmp_path, "A", "a", "b")
    before = snapshot(tmp_path)
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        assert writing.lines_before == 2
        writing.write(accepted("other"))
        assert whole_files(tmp_path) == before
        writing.discard()
    assert snapshot(tmp_path) == before


def test_a_run_that_breaks_off_leaves_the_old_files(tmp_path: Path) -> None:
    write(tmp_path, "A", "a", "b")
    before = snapshot(tmp_path)

    def break_off() -> None:
        with RunFolder(tmp_path, "A", overwrite=False) as writing:
            writing.write(accepted("c"))
            raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        break_off()
    assert whole_files(tmp_path) == before
    assert write(tmp_path, "A", "c") == 2
    assert texts_in(tmp_path) == ["c"]
    assert sorted(snapshot(tmp_path)) == FILES


def test_the_same_run_replaces_its_files(tmp_path: Path) -> None:
    assert write(tmp_path, "A", "a", "b") == 0
    assert write(tmp_path, "A", "c") == 2
    assert texts_in(tmp_path) == ["c"]


# --- whose folder it is


def test_another_runs_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "A", "a")
    before = snapshot(tmp_path)
    with pytest.raises(RunConflictError) as caught, RunFolder(tmp_path, "B", overwrite=False):
        pytest.fail("entered another run's folder")
    assert caught.value.exit_code == 2
    assert "--overwrite" in str(caught.value)
    assert "--output" in str(caught.value)
    assert snapshot(tmp_path) == before
    assert write(tmp_path, "A", "c") == 1, "the folder was unlocked again"


def test_overwrite_replaces_another_run(tmp_path: Path) -> None:
    write(tmp_path, "A", "a", "b")
    assert write(tmp_path, "B", "c", overwrite=True) == 0, "another run's lines do not count"
    assert texts_in(tmp_path) == ["c"]
    with pytest.raises(RunConflictError):
        write(tmp_path, "A", "a")


def test_data_that_nobody_knows_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"mine": 1}\n')
    with pytest.raises(RunConflictError):
        write(tmp_path, "A", "a")
    assert (tmp_path / "data.jsonl").read_text() == '{"mine": 1}\n'
    write(tmp_path, "A", "a", overwrite=True)
    assert texts_in(tmp_path) == ["a"]


@pytest.mark.parametrize("manifest", ["", "{", "[]", "null", '{"identity": 3}', '{"identity": null}', "[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_nobodys(tmp_path: Path, manifest: str) -> None:
    write(tmp_path, "A", "a")
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(RunConflictError):
        write(tmp_path, "A", "b")
    assert texts_in(tmp_path) == ["a"]


def test_other_files_in_the_folder_are_no_obstacle_and_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, "A", "a")
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.discard()
    assert (tmp_path / "notes.txt").read_text() == "mine"


# --- one writer

HOLD = """
import sys
from pathlib import Path
from datarecipe.generate.prompt.render import example_text
from datarecipe.run_folder.write.writer import RunFolder
with RunFolder(Path(sys.argv[1]), "A", overwrite=False):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_that_another_process_writes_is_locked(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        for overwrite in (False, True):
            with pytest.raises(RunLockedError) as caught, RunFolder(tmp_path, "A", overwrite=overwrite):
                pytest.fail("entered a locked folder")
        assert caught.value.exit_code == 4
        assert "--output" in str(caught.value)
        other.communicate("")
        assert other.returncode == 0
    write(tmp_path, "A", "a")


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.kill()
        other.wait()
    write(tmp_path, "A", "a")
    assert texts_in(tmp_path) == ["a"]


# --- killed between two renames

KILLED = """
import os, sys
from pathlib import Path
from datarecipe.generate.prompt.render import example_text
from datarecipe.run_folder.write.writer import RunFolder
from datarecipe.generate.events import Accepted, Lineage
folder, identity, survive = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
renames = 0
def hook(event, _):
    global renames
    if event == "os.rename" and _[2] != -1:  # relative to the folder, by its descriptor
        renames += 1
        if renames > survive:
            os.kill(os.getpid(), 9)
with RunFolder(folder, identity, overwrite=True) as writing:
    for text in sys.argv[4:]:
        writing.write(Accepted({"text": text}, Lineage("id", "p", 1, "root:0", 0, 0)))
    sys.addaudithook(hook)
    writing.replace({"identity": identity, "status": "complete"}, "card")
"""


def kill_while_replacing(folder: Path, identity: str, renames: int, *texts: str) -> None:
    """Write the folder from another process, which is killed after so many renames."""
    with process(KILLED, folder, identity, renames, *texts) as other:
        other.communicate()
        assert other.returncode == -9


RENAMES = range(5)


@pytest.mark.parametrize("renames", RENAMES)
def test_a_run_that_was_killed_between_renames_goes_on(tmp_path: Path, renames: int) -> None:
    write(tmp_path, "A", "a")
    kill_while_replacing(tmp_path, "A", renames, "a", "b")
    assert conflict(tmp_path, "A", {}) is None, "nobody but a run has changed it"
    write(tmp_path, "A", "a", "b", "c")
    assert texts_in(tmp_path) == ["a", "b", "c"]
    assert sorted(snapshot(tmp_path)) == FILES


@pytest.mark.parametrize("renames", RENAMES)
def test_another_run_does_not_take_a_folder_that_one_was_killed_in(tmp_path: Path, renames: int) -> None:
    kill_while_replacing(tmp_path, "A", renames, "a", "b")
    with pytest.raises(RunConflictError):
        write(tmp_path, "B", "c")


@pytest.mark.parametrize("renames", RENAMES)
def test_killed_then_a_rerun_that_keeps_nothing_then_the_same_command_again(tmp_path: Path, renames: int) -> None:
    kill_while_replacing(tmp_path, "A", renames, "a", "b")
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.discard()
    write(tmp_path, "A", "a", "b", "c")
    assert texts_in(tmp_path) == ["a", "b", "c"]


@pytest.mark.parametrize("renames", RENAMES)
def test_the_manifest_is_the_last_of_a_whole_dataset(tmp_path: Path, renames: int) -> None:
    kill_while_replacing(tmp_path, "A", renames, "a", "b")
    assert not (tmp_path / "manifest.json").exists()
    assert sum((tmp_path / name).exists() for name in FILES) == renames


@pytest.mark.parametrize("renames", RENAMES)
def test_a_manifest_never_stands_over_another_runs_data(tmp_path: Path, renames: int) -> None:
    write(tmp_path, "A", "old")
    kill_while_replacing(tmp_path, "B", renames, "new")
    manifest = tmp_path / "manifest.json"
    owner = json.loads(manifest.read_text())["identity"] if manifest.exists() else None
    assert (owner, texts_in(tmp_path)) in [("A", ["old"]), ("B", ["new"]), (None, ["old"]), (None, ["new"])]


# --- a line


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20)
    | st.text(st.sampled_from('\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\\"u0a\ud800\udfff🙂'), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def as_json_has_it(value: Any) -> Any:
    """JSON cannot tell two halves of a surrogate pair side by side from the character that they make."""
    return json.loads(json.dumps(value))


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_a_value_is_one_line_to_every_reader_and_comes_back(values: list[Any]) -> None:
    text = "".join(map(json_line, values))
    assert text.encode().decode() == text
    assert len(text.splitlines()) == text.count("\n") == len(values)
    back = [json.loads(line) for line in text.splitlines()]
    assert json.dumps(back) == json.dumps(as_json_has_it(values))


def test_a_line_is_utf8_as_people_read_it() -> None:
    assert json_line({"q": "снег 雪 🙂 é"}) == '{"q": "снег 雪 🙂 é"}\n'


# --- what was written, read again


def writable(value: Any) -> bool:
    """Whether an accepted example can hold it: half a surrogate pair is in none."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def events_of(values: list[Any]) -> list[Accepted]:
    return [
        Accepted({"value": value, "n": n}, Lineage(f"{n:032x}", "p", n, "root:0", n, 0))
        for n, value in enumerate(values)
    ]


@given(
    values=st.lists(VALUES.filter(writable), min_size=1, max_size=30),
    steps=st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=20),
)
def test_what_was_written_is_read_as_it_was(values: list[Any], steps: list[tuple[int, int]]) -> None:
    events = events_of(values)
    written = read = 0
    with TemporaryDirectory() as folder, RunFolder(Path(folder), "A", overwrite=False) as run:
        for write_count, skip in [*steps, (len(events), 0)]:
            for event in events[written : written + write_count]:
                run.write(rejected("x" * 5000))
                run.write(event)
            written = min(written + write_count, len(events))
            if read + skip < written:
                back = run.read(read + skip)
                assert back == events[read + skip]
                assert example_text(back.example) == example_text(events[read + skip].example)
                read += skip + 1
        run.replace({"identity": "A"}, "card")
        assert len((Path(folder) / "data.jsonl").read_bytes().splitlines()) == len(events)


def test_long_examples_are_read_across_all_buffers(tmp_path: Path) -> None:
    events = [accepted(str(n) + "ж" * (n * 7919 % 50_000)) for n in range(60)]
    with RunFolder(tmp_path, "A", overwrite=False) as run:
        for n, event in enumerate(events):
            run.write(event)
            if n % 2:
                assert run.read(n // 2) == events[n // 2]
        for n in range(30, 60):
            assert run.read(n) == events[n]


@pytest.mark.parametrize("junk", [b"", b"\n", b"null\n", b'{"text": "a"', b"\xff\n", b'{"other": 1}\n'])
@pytest.mark.parametrize("name", ["data.jsonl.partial", "lineage.jsonl.partial"])
def test_files_that_somebody_else_changes_meanwhile_end_the_run(tmp_path: Path, name: str, junk: bytes) -> None:
    with RunFolder(tmp_path, "A", overwrite=False) as run:
        for n in range(3):
            run.write(accepted(str(n)))
        assert run.read(0) == accepted("0")
        run.write(accepted("x" * 200_000))
        run.read(1)
        run.read(2)
        with (tmp_path / name).open("r+b") as file:
            file.truncate(0)
            file.write(junk)
        with pytest.raises(StorageError) as caught:
            run.read(3)
    assert caught.value.exit_code == 4
    assert "changed by another program" in str(caught.value)


def test_a_full_disk_is_told_when_what_was_written_is_read_again(tmp_path: Path) -> None:
    with files_of_at_most(1_000), RunFolder(tmp_path, "A", overwrite=False) as run:
        run.write(accepted("x" * 2_000))
        with pytest.raises(StorageError) as caught:
            run.read(0)
        run.discard()
    assert str(tmp_path) in str(caught.value)
    assert whole_files(tmp_path) == {}


# --- disks


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel's own bound on a file's size: a write beyond it fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [2_000, 100_000])
def test_a_disk_that_takes_no_more_is_a_storage_error(tmp_path: Path, size: int) -> None:
    write(tmp_path, "A", "a")
    before = snapshot(tmp_path)

    def fill() -> None:
        with RunFolder(tmp_path, "A", overwrite=False) as writing:
            with storage_errors(tmp_path):
                writing.write(accepted("x" * size))
                writing.write(rejected("y" * size))
            writing.replace({"identity": "A"}, "card")

    with files_of_at_most(1_000), pytest.raises(StorageError) as caught:
        fill()
    assert caught.value.exit_code == 4
    assert str(tmp_path) in str(caught.value)
    assert whole_files(tmp_path) == before
    write(tmp_path, "A", "a", "b")
    assert texts_in(tmp_path) == ["a", "b"]


def test_what_a_full_disk_did_not_take_can_be_dropped(tmp_path: Path) -> None:
    with files_of_at_most(10), RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.write(accepted("a"))
        writing.discard()
    assert whole_files(tmp_path) == {}
    assert not list(tmp_path.glob("*.partial"))


# --- a folder from somebody else


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl", "rejected.jsonl", "README.md", "manifest.json"])
def test_a_planted_link_is_never_written_through(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / f"{name}.partial").symlink_to(victim)
    write(folder, "A", "a")
    assert victim.read_text() == "precious"
    assert texts_in(folder) == ["a"]
    (folder / name).unlink()
    (folder / name).symlink_to(victim)
    with contextlib.suppress(RunConflictError):
        write(folder, "A", "a", "b")
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", ["README.md", "manifest.json", "data.jsonl"])
def test_files_of_the_users_own_are_not_replaced_unasked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunConflictError):
        write(tmp_path, "A", "a")
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("renames", range(5))
def test_data_and_lineage_are_of_one_run_whatever_is_killed_and_fails(tmp_path: Path, renames: int) -> None:
    write(tmp_path, "A", "a")
    kill_while_replacing(tmp_path, "A", renames, "a", "b", "c")
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.discard()
    assert texts_in(tmp_path) == ["a", "b", "c"]
    assert len((tmp_path / "lineage.jsonl").read_text().splitlines()) == 3


def test_an_overwrite_that_writes_nothing_leaves_the_owner_in_place(tmp_path: Path) -> None:
    write(tmp_path, "A", "a")
    with RunFolder(tmp_path, "B", overwrite=True) as writing:
        writing.discard()
    with pytest.raises(RunConflictError):
        write(tmp_path, "B", "b")
    write(tmp_path, "A", "a", "a2")


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught, RunFolder(tmp_path / where, "A", overwrite=True):
        pytest.fail("entered a file")
    assert str(tmp_path / where) in str(caught.value)
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_a_storage_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError), RunFolder(tmp_path, "A", overwrite=False):
            pytest.fail("entered a folder that cannot be written")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["data.jsonl.partial", ".lock"])
def test_a_folder_where_a_file_should_be_is_a_storage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StorageError), RunFolder(tmp_path, "A", overwrite=False):
        pytest.fail("entered")


def test_a_rename_that_fails_is_a_storage_error_and_the_lock_is_given_back(tmp_path: Path) -> None:
    write(tmp_path, "A", "a")
    with RunFolder(tmp_path, "A", overwrite=False) as writing:
        writing.write(accepted("a"))
        (tmp_path / "manifest.json").unlink()
        (tmp_path / "manifest.json").mkdir()
        with pytest.raises(StorageError):
            writing.replace({"identity": "A"}, "card\n")
    (tmp_path / "manifest.json").rmdir()
    write(tmp_path, "A", "a", "b")
    assert texts_in(tmp_path) == ["a", "b"]
