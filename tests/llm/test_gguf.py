"""A header of weights is read before native code sees it; weights are known by all that they hold."""

from __future__ import annotations

import os
import random
import socket
import struct
import time
from io import BufferedReader
from pathlib import Path

import pytest

from datarecipe.errors import WeightsError
from datarecipe.llm.embedded import fingerprint as module
from datarecipe.llm.embedded.fingerprint import fingerprint
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.weights import default_data_dir, find_weights
from tests.llm.gguf_files import gguf, tensor, text

HUGE = 2**63
MOST = (1 << 32) - 1


def u32(value: int) -> tuple[int, bytes]:
    return 4, struct.pack("<I", value)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "m.gguf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        gguf(),
        gguf(version=2),
        gguf(general__alignment=u32(64)),
        gguf(llama__context_length=(10, struct.pack("<Q", 10_485_760))),
        gguf(tensors=0, info=b"", data=b""),
        gguf(tensors=2, info=tensor(b"a") + tensor(b"b", (1,), 64)),
    ],
)
def test_what_a_model_has_is_let_through(tmp_path: Path, content: bytes) -> None:
    check_gguf(written(tmp_path, content))


WRONG = {
    "empty": (b"", "not a GGUF file"),
    "another format": (b"PK\x03\x04" + bytes(100), "not a GGUF file"),
    "the magic alone": (b"GGUF", "cut off"),
    "version 0": (gguf(version=0), "version"),
    "version 1": (gguf(version=1), "version"),
    "a version to come": (gguf(version=4), "version"),
    "big-endian": (gguf(version=3 << 24), "version"),
    "keys without end": (gguf(keys=HUGE), "keys"),
    "more keys than there are": (gguf(keys=99), r"cut off|name|type"),
    "tensors without end": (gguf(tensors=HUGE), "tensors"),
    "more tensors than there are": (gguf(tensors=50), r"cut off|elements|dimensions|name|end is missing"),
    "a context without end": (gguf(llama__context_length=u32(MOST)), "llama.context_length is 4,294,967,295"),
    "no context": (gguf(llama__context_length=u32(0)), "llama.context_length is 0"),
    "a negative context": (gguf(llama__context_length=(5, struct.pack("<i", -1))), "llama.context_length is -1"),
    "a context of 64 bits": (gguf(llama__context_length=(10, struct.pack("<Q", HUGE))), "llama.context_length"),
    "no blocks": (gguf(llama__block_count=u32(0)), "llama.block_count"),
    "blocks without end": (gguf(llama__block_count=u32(MOST)), "llama.block_count"),
    "no width": (gguf(llama__embedding_length=u32(0)), "llama.embedding_length"),
    "no alignment": (gguf(general__alignment=u32(0)), "general.alignment"),
    "an odd alignment": (gguf(general__alignment=u32(33)), "general.alignment"),
    "a text without end": (gguf(x=(8, struct.pack("<Q", HUGE))), "cut off"),
    "a list without end": (gguf(x=(9, struct.pack("<IQ", 4, HUGE))), "cut off"),
    "a list of texts without end": (gguf(x=(9, struct.pack("<IQ", 8, HUGE))), "texts"),
    "a list of lists": (gguf(x=(9, struct.pack("<IQ", 9, 1))), "unknown type 9"),
    "an unknown type": (gguf(x=(13, bytes(8))), "unknown type 13"),
    "a tensor of five dimensions": (gguf(info=tensor(rank=5)), "dimensions"),
    "a tensor of a billion dimensions": (gguf(info=tensor(rank=MOST)), "dimensions"),
    "a tensor of nothing": (gguf(info=tensor(dimensions=(0, 8))), "elements"),
    "a tensor without end": (gguf(info=tensor(dimensions=(HUGE, HUGE, HUGE, HUGE))), "elements"),
    "a tensor beyond the end": (gguf(info=tensor(offset=1 << 40)), "end is missing"),
    "a tensor's name without end": (gguf(info=struct.pack("<Q", HUGE)), "name"),
    "no data": (gguf(data=b""), "end is missing"),
    "a name of another encoding": (gguf(info=text(b"\xff\xfe") + struct.pack("<I", 9)), "dimensions"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG)
def test_what_no_model_has_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(WeightsError, match=said) as caught:
        check_gguf(written(tmp_path, content))
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_a_header_cut_off_anywhere_is_told(tmp_path: Path) -> None:
    whole = gguf(data=b"")
    for length in range(len(whole) - 31):
        with pytest.raises(WeightsError):
            check_gguf(written(tmp_path, whole[:length]))


def test_any_bytes_give_a_word_or_pass(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(3000):
        content = bytearray(gguf())
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(4, len(content))] = chance.choice((0, 1, 9, 127, 128, 255))
        try:
            check_gguf(written(tmp_path, bytes(content)))
        except WeightsError:
            continue


@pytest.mark.parametrize("look", ["check", "fingerprint", "find"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device", "link to a pipe", "nothing", "a loop"])
def test_what_is_no_file_is_told_without_waiting(tmp_path: Path, kind: str, look: str) -> None:
    path = tmp_path / "m.gguf"
    if kind in ("pipe", "link to a pipe"):
        pipe = path if kind == "pipe" else tmp_path / "pipe"
        os.mkfifo(pipe)
        if pipe != path:
            path.symlink_to(pipe)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    elif kind in ("device", "a loop"):
        path.symlink_to("/dev/zero" if kind == "device" else path)
    looks = {"check": check_gguf, "fingerprint": lambda p: fingerprint(p, tmp_path), "find": _find}
    with pytest.raises(WeightsError) as caught:
        looks[look](path)
    assert str(path) in str(caught.value)


def _find(path: Path) -> None:
    find_weights("any", data_dir=default_data_dir(), override=path)


# --- by content


def test_a_byte_anywhere_makes_other_weights(tmp_path: Path) -> None:
    content = bytearray(gguf(data=bytes(4 << 20)))
    path = written(tmp_path, bytes(content))
    seen = {fingerprint(path, tmp_path)}
    for place in (len(content) - 1, len(content) // 2, 1 << 20, (2 << 20) + 17):
        content[place] ^= 1
        seen.add(fingerprint(written(tmp_path, bytes(content)), tmp_path))
    assert len(seen) == 5
    assert all(len(digits) == 16 for digits in seen)


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, gguf())
    monkeypatch.setattr(module, "_SETTLED", 0.0)
    hashed: list[Path] = []
    real = module._hash

    def counting(file: BufferedReader, path: Path) -> str:
        hashed.append(path)
        return real(file, path)

    monkeypatch.setattr(module, "_hash", counting)
    first = fingerprint(path, tmp_path / "data")
    assert fingerprint(path, tmp_path / "data") == first
    assert len(hashed) == 1
    os.utime(path, ns=(1, 1))
    assert fingerprint(path, tmp_path / "data") == first
    assert len(hashed) == 2
    # Changed in place, with the old size and the old time put back.
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert fingerprint(path, tmp_path / "data") != first
    (note,) = (tmp_path / "data" / "fingerprints").iterdir()
    for damage in ("", "{}", "[" * 100_000, '{"seen": 1}'):
        note.write_text(damage)
        assert fingerprint(path, tmp_path / "data") != first


def test_a_file_that_was_changed_just_now_is_not_trusted_by_its_time(tmp_path: Path) -> None:
    path = written(tmp_path, gguf())
    fingerprint(path, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_where_nothing_can_be_kept_it_is_hashed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLED", 0.0)
    (tmp_path / "data").write_text("in the way")
    path = written(tmp_path, gguf())
    time.sleep(0.01)
    assert fingerprint(path, tmp_path / "data") == fingerprint(path, tmp_path / "data")


def test_what_takes_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD_FROM", 100)
    told: list[str] = []
    fingerprint(written(tmp_path, gguf()), tmp_path / "data", told.append)
    assert told == ["hashing m.gguf (0.0 GB), once"]
