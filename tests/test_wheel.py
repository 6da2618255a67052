"""What a plain install brings: the package with the shipped recipes, templates and seed examples in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_runs_a_shipped_recipe_in_any_folder(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
    )
    wheel = next(tmp_path.glob("datarecipe_llm-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    for folder in ("recipes", "templates", "seeds"):
        shipped = {
            f"datarecipe/collection/{path.relative_to(ROOT)}" for path in (ROOT / folder).rglob("*") if path.is_file()
        }
        assert shipped
        assert shipped <= set(names)
    assert "datarecipe/py.typed" in names
    page = ROOT / "datarecipe" / "report" / "page"
    assert {f"datarecipe/report/page/{path.name}" for path in page.iterdir()} <= set(names)
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in names)
    (tmp_path / "elsewhere").mkdir()
    code = (
        "import datarecipe, pathlib; assert pathlib.Path(datarecipe.__file__).is_relative_to(SITE)\n"
        "from datarecipe.cli.main import main; main()"
    ).replace("SITE", repr(str(tmp_path / "site")))
    ran = subprocess.run(
        [sys.executable, "-c", code, "prompt", "boolq"],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "local/smollm2-135m" in ran.stdout
