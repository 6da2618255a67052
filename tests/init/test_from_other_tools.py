"""Data as other tools write it: Excel, pandas, old exports. It is read as it was meant, or told what it is."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from datarecipe.errors import RecipeError, UsageError
from datarecipe.exchange import Json
from datarecipe.init.draft import Draft, Wishes
from datarecipe.init.infer.infer_recipe import draft_from_table
from datarecipe.init.read.read_files import read_table
from datarecipe.recipe import LabelSpace

TEXTS = [f"Message number {number} of a usual length." for number in range(12)]


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def csv_text(labels: Sequence[str], delimiter: str = ",") -> str:
    text = io.StringIO()
    rows = [("text", "label"), *((f"{TEXTS[n % 12]} {n}", label) for n, label in enumerate(labels))]
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def jsonl_text(labels: Sequence[Json]) -> str:
    rows = ({"text": f"{TEXTS[n % 12]} {n}", "label": label} for n, label in enumerate(labels))
    return "".join(json.dumps(row) + "\n" for row in rows)


def draft(path: Path, encoding: str | None = None, columns: Sequence[str] = (), seeds: int = 1, **wishes: str) -> Draft:
    return draft_from_table("x", read_table(path, encoding, columns), Wishes(**wishes), seeds=seeds)  # type: ignore[arg-type]


def told(made: Draft) -> str:
    return "\n".join(f"{finding.found} {finding.why}" for finding in made.findings)


def refused(path: Path, encoding: str | None = None, columns: Sequence[str] = ()) -> str:
    with pytest.raises(RecipeError) as caught:
        read_table(path, encoding, columns)
    (problem,) = caught.value.problems
    return f"{problem.line}: {problem.message} | {problem.hint}"


def typed(labels: LabelSpace) -> list[tuple[type, object]]:
    return [(type(label), label) for label in labels.values]


# --- labels that pandas wrote


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", csv_text(["1.0", "0.0"] * 6)),
        ("a.csv", csv_text(["1.0", "0.0"] * 6 + [""])),
        ("a.csv", csv_text(["1.0", "0.0"] * 6 + ["NaN", "NA"])),
        ("a.csv", csv_text(["1", "0"] * 6 + ["", " "])),
        ("a.tsv", csv_text(["1.0", "0.0"] * 6, "\t")),
        ("a.jsonl", jsonl_text([1.0, 0.0] * 6)),
        ("a.jsonl", jsonl_text([1.0, 0.0] * 6 + [None])),
        ("a.jsonl", jsonl_text([1, 0.0] * 6)),
        ("a.jsonl", jsonl_text([1, 0] * 6).replace('"label": 0', '"label": NaN', 1)),
        ("a.json", json.dumps([{"text": text, "label": n % 2 * 1.0} for n, text in enumerate(TEXTS)])),
    ],
)
def test_whole_numbers_are_labels_however_they_were_written(tmp_path: Path, name: str, text: str) -> None:
    made = draft(written(tmp_path, name, text))
    assert sorted(typed(made.labels)) == [(int, 0), (int, 1)]
    assert type(made.seeds[0]["label"]) is int


def test_halves_that_come_again_are_labels_and_measures_are_not(tmp_path: Path) -> None:
    assert draft(written(tmp_path, "a.csv", csv_text(["1.5", "2", "0.5"] * 4))).labels.kind == "fixed"
    assert draft(written(tmp_path, "b.csv", csv_text([f"{n / 7:.3f}" for n in range(12)]))).labels.kind == "open"


def test_a_field_of_floats_without_a_known_name_is_found_too(tmp_path: Path) -> None:
    text = jsonl_text([1.0, 0.0] * 6).replace('"label"', '"is_spam"')
    assert draft(written(tmp_path, "a.jsonl", text)).task.label_field == "is_spam"


EMPTY = ["", "  ", "NaN", "nan", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("empty", EMPTY)
def test_rows_without_a_label_are_no_labels_and_are_told(tmp_path: Path, suffix: str, empty: str) -> None:
    labels = ["spam", "ham"] * 5 + [empty] * 3
    path = written(tmp_path, f"a.{suffix}", csv_text(labels) if suffix == "csv" else jsonl_text(labels))
    made = draft(path)
    assert sorted(map(str, made.labels.values)) == ["ham", "spam"]
    assert '3 of 13 rows have no "label"' in told(made)
    notes = read_table(path).notes
    assert notes == ((f'"{empty}" counts as empty: it stands in 3 cells',) if empty.strip() else ())


@pytest.mark.parametrize("label", ["None", "none", "na", "nil", "-", "?", "Nan Goldin", "0"])
def test_what_may_be_a_label_is_one(tmp_path: Path, label: str) -> None:
    made = draft(written(tmp_path, "a.csv", csv_text(["spam", label] * 5)))
    assert {str(known) for known in made.labels.values} == {"spam", label}


def test_spellings_of_one_label_are_told(tmp_path: Path) -> None:
    labels = ["spam"] * 5 + ["Spam"] * 2 + [" spam"] + ["ham"] * 4
    made = draft(written(tmp_path, "a.csv", csv_text(labels)))
    assert made.labels.values == ("spam", "ham")
    assert '"Spam" (2), " spam" (1) counts as "spam"' in told(made)
    assert "counts as" not in told(draft(written(tmp_path, "b.csv", csv_text(["spam", "ham"] * 6))))


def test_labels_composed_in_two_ways_are_one(tmp_path: Path) -> None:
    labels = ["caf\u00e9", "cafe\u0301", "caf\u00e9", "tea"] * 3
    made = draft(written(tmp_path, "a.csv", csv_text(labels)))
    assert made.labels.values == ("caf\u00e9", "tea")
    assert "in 9, 3 rows" in told(made)


# --- lines and headers


@pytest.mark.parametrize("sign", [";", ",", "\t", "|", "^"])
@pytest.mark.parametrize("first", ["sep={}\n", "sep={}\r\n", "SEP={}\n", "\ufeffsep={}\r\n"])
def test_excels_line_on_the_delimiter_is_no_header(tmp_path: Path, sign: str, first: str) -> None:
    text = first.format(sign) + csv_text(["spam", "ham"] * 3, sign)
    found = read_table(written(tmp_path, "a.csv", text))
    assert found.columns == ("text", "label")
    assert [row.place for row in found.rows][:2] == [3, 4]
    assert found.rows[0].values["label"] == "spam"


def test_a_column_may_be_called_sep(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "a.csv", "sep,text\na,b\n")).columns == ("sep", "text")
    assert read_table(written(tmp_path, "b.csv", "sep=x,text\na,b\n")).columns == ("sep=x", "text")


HEADLESS = "".join(f"{'spam' if n % 2 else 'ham'}\t{text}\n" for n, text in enumerate(TEXTS))


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_a_first_row_that_may_be_no_header_is_told_and_can_be_data(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, HEADLESS)
    (note,) = [note for note in read_table(path).notes if "header" in note]
    assert 'the first row may be no header: "ham" is a value of the rows below it too' in note
    assert "--columns A,B" in note
    made = draft(path, columns=["label", "text"])
    assert (made.task.kind, sorted(map(str, made.labels.values))) == ("classification", ["ham", "spam"])
    table = read_table(path, columns=["label", "text"])
    assert (len(table.rows), table.rows[0].place) == (12, 1)
    assert not any("header" in note for note in table.notes)


@pytest.mark.parametrize(
    "text",
    [
        csv_text(["spam", "ham"] * 6),
        csv_text(["spam", "ham"] * 6).replace("label", "spam ", 1).replace("spam ", "is spam", 1),
        "text,label\n" + "".join(f"{text},{n}\n" for n, text in enumerate(TEXTS)),
        "text,label\na,x\n",
        csv_text(["1", "0"] * 6).replace("text,label", "0,1"),
    ],
)
def test_a_header_is_not_doubted_without_a_reason(tmp_path: Path, text: str) -> None:
    assert not any("header" in note for note in read_table(written(tmp_path, "a.csv", text)).notes)


@pytest.mark.parametrize(
    "text",
    [
        "Gut gemacht;1.0\nSchlecht;0.0\nNaja;0.0\nSuper;1.0\n",
        "Gut gemacht;1.0\nSchlecht;0.0\nNaja;0.5\n",
        "gut,ja\nschlecht,nein\nnaja,ja\n",
        "ja,gut\nja,super\n",
        "Gut gemacht\t5\nSchlecht\t1\n",
    ],
)
def test_a_small_file_without_a_header_is_told_what_mends_it(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, "a.tsv" if "\t" in text else "a.csv", text)
    assert [note for note in read_table(path).notes if "may be no header" in note and "--columns A,B" in note]
    with pytest.raises(UsageError, match="no field looks like the answer") as caught:
        draft(path)
    assert "if the first row is data, name the columns: --columns text,label" in (caught.value.hint or "")
    assert len(read_table(path, columns=["text", "label"]).rows) == text.count("\n")


def test_columns_that_do_not_fit_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", HEADLESS)
    assert refused(path, columns=["a"]).startswith("1: this row has 2 cells, and --columns names 1 columns")
    assert "--columns is for .csv and .tsv" in refused(written(tmp_path, "a.jsonl", "{}"), columns=["a"])


# --- encodings

UMLAUTS = csv_text(["böse", "gut"] * 6)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "iso-8859-15", "cp850"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_named_encoding_is_read(tmp_path: Path, encoding: str, name: str) -> None:
    rows = [{"text": text, "label": "böse" if n % 2 else "gut"} for n, text in enumerate(TEXTS)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    text = {"a.csv": UMLAUTS, "a.jsonl": lines, "a.json": json.dumps(rows, ensure_ascii=False)}[name]
    made = draft(written(tmp_path, name, text.encode(encoding)), encoding)
    assert sorted(map(str, made.labels.values)) == ["böse", "gut"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_mark_names_the_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    text = {"a.csv": UMLAUTS, "a.jsonl": jsonl_text(["böse", "gut"] * 6), "a.json": '[{"text": "ö", "label": "gut"}]'}
    table = read_table(written(tmp_path, name, text[name].encode(encoding)))
    assert table.columns == ("text", "label")


@pytest.mark.parametrize(
    ("name", "line"), [("a.csv", 2), ("a.jsonl", 1), ("a.json", 1), ("late.csv", 9_002), ("late.jsonl", 9_001)]
)
def test_another_encoding_is_told_with_line_and_flag(tmp_path: Path, name: str, line: int) -> None:
    before = 9_000 if name.startswith("late") else 0
    text = {
        "csv": csv_text(["gut"] * before + ["böse"]),
        "jsonl": '{"label": "gut"}\n' * before + '{"label": "böse"}\n',
        "json": '[{"label": "böse"}]',
    }[name.rpartition(".")[2]]
    path = written(tmp_path, name, text.encode("cp1252"))
    assert refused(path) == (
        f"{line}: the file is not UTF-8: byte 0xf6 cannot stand here | "
        "Name its encoding, as --encoding cp1252, or save it as UTF-8."
    )
    assert refused(path, "utf-8").endswith("Name another --encoding, or save it as UTF-8.")
    assert "the file is not ascii" in refused(path, "ascii")


def test_half_a_character_of_utf_16_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", UMLAUTS.encode("utf-16") + b"\x00")
    assert "the file is not utf-16" in refused(path)


# --- JSON Lines that are none


ROWS = [json.dumps({"text": text, "label": "spam"}) for text in TEXTS[:3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",\n".join(ROWS), "1: a comma stands behind the object"),
        (ROWS[0] + "\n" + ",\n".join(ROWS), "2: a comma stands behind the object"),
        (" ".join(ROWS), "1: this line is not one JSON object"),
        (json.dumps({"a": 1}, indent=1), "1: the value that begins in this line does not end in it"),
        (ROWS[0] + "\n{\n}", "2: the value that begins in this line does not end in it"),
        ('{"a": 1,\n"b": 2}', "1: the value that begins in this line does not end in it"),
        (json.dumps([{"a": 1}], indent=1), "1: the value that begins in this line does not end in it"),
        ("[" + ROWS[0] + "]", "1: this line is a list of 1, not one JSON object"),
        ("{'a': 1}", "1: this line is not one JSON object"),
    ],
)
def test_what_is_no_json_lines_is_named(tmp_path: Path, text: str, message: str) -> None:
    found = refused(written(tmp_path, "a.jsonl", text))
    assert found.startswith(message)
    assert "A file with one list of objects is called .json." in found


def test_json_lines_in_a_json_file_are_named(tmp_path: Path) -> None:
    found = refused(written(tmp_path, "a.json", "\n".join(ROWS)))
    assert "such a file is called .jsonl" in found
    assert "--from" not in found


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_lines_may_end_in_any_usual_way(tmp_path: Path, suffix: str, end: str) -> None:
    text = jsonl_text(["spam", "ham"] * 3) if suffix == "jsonl" else csv_text(["spam", "ham"] * 3)
    table = read_table(written(tmp_path, f"a.{suffix}", text.replace("\n", end)))
    assert [row.values["label"] for row in table.rows] == ["spam", "ham"] * 3


# --- messages


def test_texts_too_long_for_an_example_are_told_so_and_shortly(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": "word " * 50_000, "label": "ab"[n % 2]}) + "\n" for n in range(6))
    with pytest.raises(UsageError) as caught:
        draft(written(tmp_path, "a.jsonl", rows))
    assert "all are longer than 200,000 characters" in str(caught.value)
    assert len(str(caught.value)) < 400


# --- all rows count


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json"])
def test_labels_are_counted_over_all_rows(tmp_path: Path, suffix: str) -> None:
    labels = ["spam"] * 12_000 + ["ham"] * 8_000 + ["", "Ham"] * 3
    text = {
        "csv": csv_text(labels),
        "tsv": csv_text(labels, "\t"),
        "jsonl": jsonl_text(labels),
        "json": json.dumps([{"text": f"t{n}", "label": label} for n, label in enumerate(labels)]),
    }[suffix]
    made = draft(written(tmp_path, f"a.{suffix}", text))
    assert made.labels.values == ("spam", "ham")
    assert "2 different values, in 12,000, 8,003 rows" in told(made)
    assert '3 of 20,006 rows have no "label"' in told(made)
    assert '"Ham" (3) counts as "ham"' in told(made)


def test_labels_that_come_late_keep_their_type(tmp_path: Path) -> None:
    made = draft(written(tmp_path, "a.csv", csv_text(["1.0"] * 10_500 + ["0.0", "2"] * 400)))
    assert typed(made.labels) == [(int, 1), (int, 0), (int, 2)]
    made = draft(written(tmp_path, "b.jsonl", jsonl_text([True] * 10_500 + [1] * 400)))
    assert typed(made.labels) == [(bool, True), (int, 1)]


def test_too_many_different_answers_in_the_rest_are_open(tmp_path: Path) -> None:
    made = draft(written(tmp_path, "a.csv", csv_text(["x", "y"] * 5_000 + [f"l{n}" for n in range(3_000)])))
    assert made.labels.kind == "open"
    assert "more than 50" in told(made)


def measured(path: Path) -> tuple[Draft, int]:
    """The draft, and the bytes of memory that it took at its most."""
    tracemalloc.start()
    try:
        return draft(path), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_rows_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"{'some words of a message ' * 4}{n},{'spam' if n % 3 else 'ham'}\n" for n in range(100_000))
    made, peak = measured(path)
    assert "in 66,666, 33,334 rows" in told(made)
    assert peak < 30_000_000, "the file has 11 MB, and 10,000 rows are kept"


def test_what_the_rest_holds_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps({"text": f"t{n}", "label": "ab"[n % 2]}) + "\n" for n in range(10_000))
        file.writelines(
            json.dumps({"text": "x" * 199 + str(n), "label": "a", f"k{n}": n}) + "\n" for n in range(30_000)
        )
    made, peak = measured(path)
    assert "in 35,000, 5,000 rows" in told(made)
    assert peak < 25_000_000
