"""A report on ten thousand examples is small enough for a mail, soon made, and quick to browse."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from datarecipe.run_folder.json_records import json_line
from tests.openai_author import _WORDS
from tests.report.chromium import tab
from tests.report.conftest import written
from tests.report.made_runs import Made
from tests.report.test_page import ROWS, STATUS, assert_quiet

COUNT = 10_000


@pytest.fixture(scope="module")
def many(reviews: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, made as long as that by repeating its lineage with other texts."""
    folder = shutil.copytree(reviews.folder, tmp_path_factory.mktemp("many") / "reviews")
    chance = random.Random(0)
    rows = {name: _rows(folder / f"{name}.jsonl") for name in ("data", "lineage", "rejected")}
    count = len(rows["data"])
    data, lineage, rejected = [], [], []
    ids = {row["id"] for row in rows["lineage"]}
    for number in range(COUNT):
        turn, at = divmod(number, count)
        data.append(rows["data"][at] | {"text": " ".join(chance.choices(_WORDS, k=16)).capitalize() + "."})
        own = rows["lineage"][at]
        parent = f"{own['parent'][:-4]}{turn:04x}" if own["parent"] in ids else own["parent"]
        lineage.append(
            own | {"id": f"{own['id'][:-4]}{turn:04x}", "parent": parent, "request": own["request"] + 80 * turn}
        )
    for turn in range(COUNT // count):
        rejected += [row | {"request": row["request"] + 80 * turn} for row in rows["rejected"]]
    for name, made in (("data", data), ("lineage", lineage), ("rejected", rejected)):
        (folder / f"{name}.jsonl").write_text("".join(map(json_line, made)), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["counts"] |= {"accepted": COUNT, "target_size": COUNT}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_it_is_small_soon_made_and_quick(many: Path, tmp_path: Path) -> None:
    started = time.perf_counter()
    page = written(tmp_path / "report.html", many)
    # About a second on a quiet machine: the margin is for a busy one.
    assert time.perf_counter() - started < 60
    assert tmp_path.joinpath("report.html").stat().st_size < 8_000_000
    async with tab() as opened:
        await opened.open(page)
        await opened.until(f"{ROWS}.length > 5")
        assert await opened.value(STATUS) == "10,000 of 10,000 examples"
        assert await opened.value("document.querySelectorAll('*').length") < 3_000, "rows out of sight are drawn"
        for word in ("river", "harbor"):
            await opened.write("#search", word)
            await opened.until(f"!{STATUS}.startsWith('10,000 of')")
        await opened.write("#search", "")
        await opened.until(f"{STATUS}.startsWith('10,000 of')")
        await opened.value("document.querySelector('#examples-list .scroller').focus()")
        await opened.press("End", "Enter")
        assert await opened.value("document.querySelector('#detail-title').textContent") == "Example 10,000"
        await assert_quiet(opened, page)
