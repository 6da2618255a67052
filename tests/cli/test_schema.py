"""`datarecipe schema`: the file that editors read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from datarecipe.recipe import format_schema
from tests.cli.command import datarecipe
from tests.editor.documents import SCHEMA


def test_it_prints_the_schema_byte_for_byte(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "datarecipe", "schema"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == SCHEMA.read_bytes()
    schema = json.loads(done.stdout)
    assert schema == format_schema()
    Draft202012Validator.check_schema(schema)


def test_output_writes_it_into_a_file_and_its_folder(tmp_path: Path) -> None:
    ran = datarecipe("schema", "--output", ".datarecipe/recipe-1.schema.json", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, ".datarecipe/recipe-1.schema.json: written\n")
    assert (tmp_path / ".datarecipe" / "recipe-1.schema.json").read_bytes() == SCHEMA.read_bytes()


def test_output_replaces_the_schema_of_another_release(tmp_path: Path) -> None:
    path = tmp_path / "recipe-1.schema.json"
    path.write_text(json.dumps({**format_schema(), "properties": {}}), encoding="utf-8")
    assert datarecipe("schema", "--output", path.name, cwd=tmp_path).code == 0
    assert path.read_bytes() == SCHEMA.read_bytes()


@pytest.mark.parametrize("content", [b"recipe: 1\n", b"\xff\x00", b"[" * 100_000, b'{"title": "another"}', b"[]"])
def test_output_replaces_nothing_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    ran = datarecipe("schema", "--output", "mine.yaml", cwd=tmp_path)
    assert ran.code == 2
    assert "mine.yaml exists and is not a recipe schema" in ran.err
    assert path.read_bytes() == content


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = datarecipe("schema", "--output", "file/recipe-1.schema.json", cwd=tmp_path)
    assert ran.code == 4
    assert "cannot write file/recipe-1.schema.json" in ran.err
    assert datarecipe("schema", "--output", ".", cwd=tmp_path).code == 2


def test_it_imports_nothing_heavy_and_nothing_that_reaches_the_network(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.argv = ['datarecipe', 'schema', '--output', 'schema.json']\n"
        "from datarecipe.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = 'litellm numpy jsonschema aiohttp httpx requests urllib3 openai socket ssl http.client asyncio'.split()\n"
        "assert not (found := [name for name in heavy if name in sys.modules]), found\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "schema.json").is_file()
