"""Data and seed examples of the user's: what is read, what is refused, and where the message points."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datarecipe.errors import RecipeError
from datarecipe.exchange import Example
from datarecipe.init.read import csv_rows, json_rows
from datarecipe.init.read import table as tables
from datarecipe.init.read.read_files import read_seed_file, read_table
from datarecipe.init.read.table import Table, is_missing


def table(folder: Path, name: str, content: str | bytes) -> Table:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path)


def values(found: Table) -> list[Example]:
    return [row.values for row in found.rows]


def refused(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(RecipeError) as caught:
        table(folder, name, content)
    (problem,) = caught.value.problems
    assert problem.source == str(folder / name)
    return f"{problem.line}: {problem.message} | {problem.hint}"


def test_csv_with_a_mark_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = '\ufefftext,label\r\n"He said ""no"", and\nleft",a\r\n\r\n  two ,b\r\n'
    found = table(tmp_path, "x.csv", content)
    assert found.columns == ("text", "label")
    assert values(found) == [{"text": 'He said "no", and\nleft', "label": "a"}, {"text": "  two ", "label": "b"}]
    assert [row.place for row in found.rows] == [2, 5]
    assert not found.others


@pytest.mark.parametrize("content", ["a;b\n1,5;x\n2,5;y\n", "a\tb\nx, y\tz\n", "a|b\nx, y|z\n", '"a;a;a",b\n1,x\n'])
def test_what_stands_between_cells_is_found(tmp_path: Path, content: str) -> None:
    assert len(table(tmp_path, "x.csv", content).columns) == 2


def test_commas_within_quoted_text_and_semicolons_in_text(tmp_path: Path) -> None:
    content = 'text,label\n"one; two; three",x\n"a; b, c",y\n'
    assert values(table(tmp_path, "x.csv", content))[1] == {"text": "a; b, c", "label": "y"}


def test_tsv_where_quotation_marks_mean_nothing(tmp_path: Path) -> None:
    found = table(tmp_path, "x.tsv", 'text\tlabel\n"Up" is a film\tx\n5" screen\ty\n')
    assert values(found)[0] == {"text": '"Up" is a film', "label": "x"}
    assert values(table(tmp_path, "y.tsv", 'text\tlabel\n"a ""b"" c"\tx\n'))[0]["text"] == 'a "b" c'


@pytest.mark.parametrize(
    ("cells", "typed"),
    [
        (["1", "20"], [1, 20]),
        (["1", "2.5"], [1.0, 2.5]),
        (["-1", "0"], [-1, 0]),
        (["1", "x"], ["1", "x"]),
        (["1", ""], [1, None]),
        (["1.0", "", "0.0"], [1, None, 0]),
        (["1.0", "0.5"], [1.0, 0.5]),
        (["2.00", "NaN"], [2, None]),
        (["x", ""], ["x", ""]),
        (["x", "NA", "N/A", "null", "#N/A", "<NA>"], ["x", None, None, None, None, None]),
        (["na", "None", "none", "nano"], ["na", "None", "none", "nano"]),
        (["007", "1"], ["007", "1"]),
        (["1e3", "1"], ["1e3", "1"]),
        (["nan", "inf"], [None, "inf"]),
        (["12345678901234567", "1"], ["12345678901234567", "1"]),
        (["true", "false"], ["true", "false"]),
    ],
)
def test_types_of_cells(tmp_path: Path, cells: list[str], typed: list[object]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["x", "y"], *([cell, "k"] for cell in cells)])
    found = [row["x"] for row in values(table(tmp_path, "x.csv", text.getvalue()))]
    assert [(type(value), value) for value in found] == [(type(value), value) for value in typed]


def test_a_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    found = table(tmp_path, "x.csv", ",text,label\n0,a,b\n")
    assert found.columns == ("text", "label")
    assert found.notes == ("column 1 has no name and is left out",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", "None: the file is empty"),
        ("x.csv", "\n\n", "None: the file is empty"),
        ("x.csv", "a,b\n", "None: the file has no rows"),
        ("x.csv", "a,b\n1,2\n1,2,3\n", "3: this row has 3 cells, and the first row names 2 columns"),
        ("x.csv", 'a,b\n"x\ny",2\n1\n', "4: this row has 1 cell,"),
        ("x.csv", 'a,b\n1,2\n"x,y\n', "3: a quotation mark that opens here has no pair"),
        ("x.csv", 'a,b\n"x"y,2\n', "2: something follows a closing quotation mark"),
        ("x.csv", "a,b,a\n1,2,3\n", '1: two columns are called "a"'),
        ("x.csv", b"a,b\n1,2\nx,\xe9\n", "3: the file is not UTF-8: byte 0xe9"),
        ("x.csv", b"a,b\n1,\x00\n", "2: this is no text file: it contains a NUL character"),
        ("x.jsonl", "", "None: the file has no rows"),
        ("x.jsonl", '{"a": 1}\n\n[1]\n', "3: this line is a list of 1, not one JSON object"),
        ("x.jsonl", '{"a": 1}\n{"a": 1,}\n', "2: this line is not one JSON object"),
        ("x.jsonl", '{"a": ' + "9" * 5000 + "}\n", "1: a whole number has too many digits"),
        ("x.jsonl", '{"a": ' + "[" * 100_000 + "\n", "1: lists and objects stand too deep"),
        ("x.jsonl", '{"a": 1}\n{"a": ' + "[" * 70 + "]" * 70 + "}\n", "2: lists and objects stand too deep"),
        ("x.json", "[" + '{"a": ' * 65 + "1" + "}" * 65 + "]", "1: lists and objects stand too deep"),
        ("x.jsonl", "{}\n{}\n", "None: the rows have no fields"),
        ("x.jsonl", b'{"a": "\xff"}\n', "1: the file is not UTF-8"),
        ("x.json", "[]", "None: there are no rows: the file holds an empty list"),
        ("x.json", '[{"a": 1}, 2]', "None: row 2 is the number 2, not a JSON object"),
        ("x.json", '{"a": 1}', "None: there are no rows: the file holds a mapping"),
        ("x.json", '"a"', 'None: there are no rows: the file holds the text "a"'),
        ("x.json", "[\n  {'a': 1}\n]", "2: this is not JSON | Names and texts"),
        ("x.json", "", "None: the file is empty"),
        ("x.xlsx", "x", "None: this kind of file cannot be read | --from reads .jsonl, .json, .csv and .tsv."),
    ],
)
def test_what_is_no_data(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    assert refused(tmp_path, name, content).startswith(message)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, message in (("folder.csv", "this is a folder"), ("none.csv", "there is no such file")):
        with pytest.raises(RecipeError, match=message):
            read_table(tmp_path / name)


def test_json_lines(tmp_path: Path) -> None:
    found = table(tmp_path, "x.jsonl", '\ufeff{"a": 1, "b": null}\r\n\r\n{"c": NaN}\n')
    assert values(found) == [{"a": 1, "b": None}, {"c": None}]
    assert found.columns == ("a", "b", "c")
    assert [row.place for row in found.rows] == [1, 3]


def test_a_list_within_an_object(tmp_path: Path) -> None:
    found = table(tmp_path, "x.json", '{"version": 1, "data": [{"a": 1}]}')
    assert values(found) == [{"a": 1}]
    assert found.notes == ('the rows are the list in "data"',)


def test_rows_of_a_list_are_counted_as_rows(tmp_path: Path) -> None:
    found = table(tmp_path, "x.json", '[{"a": 1}, {"a": 2}]')
    assert [row.place for row in found.rows] == [1, 2]
    assert found.unit == "row"


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.json"])
def test_of_many_rows_the_first_are_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 5)
    for count in (4, 5, 6, 100):
        rows = [{"a": f"t{number}", "b": "x"} for number in range(count)]
        content = {
            "x.csv": "a,b\n" + "".join(f"t{number},x\n" for number in range(count)),
            "x.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
            "x.json": json.dumps(rows),
        }[name]
        found = table(tmp_path, name, content)
        assert values(found) == rows[:5]
        assert found.others == max(0, count - 5)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_of_many_characters_the_first_are_kept(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (csv_rows, json_rows, tables):
        monkeypatch.setattr(module, "MAX_CELLS", 100)
    line = "x" * 190
    content = {"x.csv": "a,b\n" + f"{line},k\n" * 50, "x.jsonl": f'{{"a": "{line}"}}\n' * 50}[name]
    found = table(tmp_path, name, content)
    assert 15 < len(found.rows) < 30
    assert all(row["a"] == line for row in values(found))
    assert len(found.rows) + found.others == 50


def test_json_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_WHOLE", 100)
    assert "write it as JSON Lines" in refused(tmp_path, "x.json", json.dumps([{"a": "x" * 200}])).replace("W", "w")


def test_what_was_read_before_a_broken_row_tells_the_delimiter(tmp_path: Path) -> None:
    """Nine rows of three cells between semicolons, then one that no delimiter makes right."""
    content = "text;label;n\n" + "a, b;x;1\n" * 8 + '"open;x;1\n'
    assert refused(tmp_path, "x.csv", content).startswith("10: a quotation mark that opens here has no pair")


def test_a_file_that_is_not_utf_8_is_told_so_whatever_the_delimiter(tmp_path: Path) -> None:
    assert "2: the file is not UTF-8: byte 0xe9" in refused(tmp_path, "x.csv", b"text,label\ncaf\xe9,a\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", ",".join(f"c{n}" for n in range(1001)) + "\n"),
        ("x.json", json.dumps([{f"c{n}": 1} for n in range(1001)])),
        ("x.jsonl", "\n".join(json.dumps({f"c{n}": 1}) for n in range(1001))),
    ],
)
def test_more_columns_than_anybody_has_are_refused(tmp_path: Path, name: str, content: str) -> None:
    assert "there are 1,001 columns, and 1,000 is the limit" in refused(tmp_path, name, content)


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.jsonl"])
def test_of_wide_data_fewer_rows_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    rows = [dict.fromkeys("abcd", "x")] * 30
    content = {
        "x.csv": "a,b,c,d\n" + "x,x,x,x\n" * 30,
        "x.json": json.dumps(rows),
        "x.jsonl": "\n".join(map(json.dumps, rows)),
    }
    for module in (csv_rows, json_rows, tables):
        monkeypatch.setattr(module, "MAX_CELLS", 100)
    found = table(tmp_path, name, content[name])
    assert found.others
    assert len(found.rows) == 25


def test_lists_within_rows_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_rows, tables):
        monkeypatch.setattr(module, "MAX_CELLS", 100)
    line = json.dumps({"a": [[], [], []], "b": {"c": [1, 2]}}) + "\n"
    found = table(tmp_path, "x.jsonl", line * 50)
    assert found.others
    assert 5 <= len(found.rows) <= 15
    assert not table(tmp_path, "x.jsonl", line * 5).others
    told = refused(tmp_path, "y.jsonl", json.dumps({"a": [[]] * 200}) + "\n" + line)
    assert told.startswith("1: this line holds more than 100 values")


def test_no_line_and_no_row_may_hold_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (csv_rows, json_rows):
        monkeypatch.setattr(module, "MAX_CELLS", 100)
        monkeypatch.setattr(csv_rows, "MAX_CHARACTERS", 10_000)
    fine = json.dumps({"a": 1}) + "\n"
    told = refused(tmp_path, "late.jsonl", fine * 3 + json.dumps({"a": [[]] * 200}) + "\n")
    assert told.startswith("4: this line holds more than 100 values")
    for row in ('"x\n",' * 200, '"x\n\n"' + ',"\n"' * 200, "x," * 200, '"' + ("y" * 3_000 + '\n","') * 4 + '"'):
        for before in ("", "1,2\n" * 50):
            told = refused(tmp_path, "wide.csv", "a,b\n" + before + row + "\n3,4\n")
            assert told.startswith(f"{2 + before.count('1')}: a row has more than 100 cells or 10,000 characters")


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
LETTERS = CELL.filter(lambda text: not is_missing(text))
NUMBERS = st.integers(-(10**6), 10**6).map(str) | st.decimals(-1000, 1000, places=2).map(str)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.sampled_from([LETTERS, NUMBERS]).flatmap(
        lambda first: st.lists(st.tuples(first, LETTERS, st.sampled_from("xyz")), min_size=1, max_size=8)
    )
)
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("text", "more", "label"), *rows])
    found = table(tmp_path, "x.csv", text.getvalue().encode())
    columns = {name: [row[name] for row in values(found)] for name in found.columns}
    for index, name in enumerate(("text", "more", "label")):
        assert as_json(columns[name]) == as_json(plainly_read([row[index] for row in rows]))


def plainly_read(cells: list[str]) -> list[Any]:
    """Numbers where all cells but empty ones are decimal numbers of JSON, whole where all are; else the texts."""
    if not any(cells) or not all(set(cell) <= set("-.0123456789") for cell in cells):
        return cells
    try:
        numbers: list[float] = [json.loads(cell) for cell in cells if cell.strip()]
    except ValueError:
        return cells
    to = int if all(number == int(number) for number in numbers) else float
    return [to(json.loads(cell)) if cell.strip() else None for cell in cells]


def as_json(column: list[Any]) -> str:
    """Tells 1, 1.0 and "1" apart."""
    return json.dumps(column)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=60) | st.text('",;\t|\n\rab[]{}:1', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("x.csv", "x.tsv", "x.jsonl", "x.json"):
        path = tmp_path / name
        path.write_bytes(content)
        try:
            assert read_table(path).rows
        except RecipeError as error:
            assert error.problems[0].source == str(path)  # noqa: PT017


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", r"x\.json:1:1: a seed example is a JSON object with fields, not an empty list"),
        ("{}", "not an object without any"),
        ("[1]", "1:2: a seed example is a JSON object with fields, not the number 1"),
        ('"x"', "not the text"),
        ('[{"a": 1}, {"b": 1}]', "1:12: the seed example lacks `a`"),
        ('[{"a": 1}, {"a": 1, "b": 1}]', "1:21: the seed example has a field `b`, which the first one has not"),
        ('{"a": 1}\n{"a": 2}', "2:1: something follows the end"),
        ("x" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_seed_example(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(RecipeError, match=message):
        read_seed_file(path)


def test_a_seed_example_that_is_no_json_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1,\n "b": 2,\n}')
    with pytest.raises(RecipeError) as caught:
        read_seed_file(path)
    assert "x.json:2:8: no `,` can stand before `}` in JSON" in str(caught.value)


def test_seed_examples(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"b": 1, "a": "x"}')
    assert [list(seed.items()) for seed in read_seed_file(path)] == [[("b", 1), ("a", "x")]]
    path.write_text('[{"b": 1}, {"b": 2}]')
    assert read_seed_file(path) == [{"b": 1}, {"b": 2}]
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecipeError, match="--from"):
        read_seed_file(tmp_path / "x.csv")
