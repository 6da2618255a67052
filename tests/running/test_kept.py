"""Responses kept from an earlier release give the datasets that it made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.running import kept

DATASETS = json.loads((kept.KEPT / "datasets.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kept")
    (place / "cache").mkdir()
    shutil.copy(kept.KEPT / "cache.db", place / "cache")
    return place


def test_every_dataset_is_kept() -> None:
    assert DATASETS.keys() == kept.recipes().keys()
    assert len({hashes["data.jsonl"] for hashes in DATASETS.values()}) == len(DATASETS)


@pytest.mark.parametrize("name", sorted(kept.recipes()))
def test_the_same_responses_give_the_same_bytes(folder: Path, name: str) -> None:
    assert kept.files_of(kept.settled(name, folder)) == DATASETS[name]
