"""What a run has written is read again in whatever order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import StorageError
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.run_folder.write.read_back import WrittenExamples

LINES = 400


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    folder = tmp_path_factory.mktemp("run")
    lineage = {"id": "", "parent": "p", "depth": 1, "lane": "root:0", "request": 0, "index": 0}
    data = [json.dumps({"question": "x" * (number * 7 % 501) + str(number)}) for number in range(LINES)]
    (folder / "data").write_text("".join(f"{line}\n" for line in data))
    rows = [json.dumps(lineage | {"id": str(number)}) for number in range(LINES)]
    (folder / "lineage").write_text("".join(f"{line}\n" for line in rows))
    return RunFiles(folder)


@given(st.lists(st.integers(0, LINES - 1), max_size=40))
def test_any_line_can_be_read_after_any_other(files: RunFiles, positions: list[int]) -> None:
    written = WrittenExamples(files, "data", "lineage")
    for position in positions:
        row = written.read(position)
        assert row.lineage.id == str(position)
        assert str(row.example["question"]).lstrip("x") == str(position)
    written.close()


def test_what_another_program_took_away_is_said(files: RunFiles, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("{}\n")
    (tmp_path / "lineage").write_text("{}\n")
    written = WrittenExamples(RunFiles(tmp_path), "data", "lineage")
    with pytest.raises(StorageError, match="were changed by another program"):
        written.read(70)
    written.close()
