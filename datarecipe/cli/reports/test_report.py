"""What the tests of a dataset found, for people, for programs and for code hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import quoteattr

from datarecipe.cli.output import aligned, github_line
from datarecipe.measure.thresholds import Tested
from datarecipe.printable import counted, printable


def as_text(_: str, found: Sequence[Tested]) -> Iterator[str]:
    """A line for each test."""
    yield from aligned([_cells(result) for result in found], left=(0, 1, 2))


def as_json(name: str, found: Sequence[Tested]) -> Iterator[str]:
    """One JSON document: `ok`, and for each test its measure, verdict, value and bounds."""
    tests = [
        {
            "measure": result.measure,
            "verdict": result.verdict,
            "value": result.value,
            "min": result.threshold.min,
            "max": result.threshold.max,
            "severity": result.threshold.severity,
        }
        for result in found
    ]
    document = {"dataset": name, "ok": ok(found), "tests": tests}
    yield printable(json.dumps(document, ensure_ascii=False, indent=2), multiline=True)


def as_junit(name: str, found: Sequence[Tested]) -> Iterator[str]:
    """JUnit's XML, as test runners of code hosts read it. A warning passes there, with its words in `system-out`."""
    failures = sum(result.verdict == "failed" for result in found)
    skipped = sum(result.verdict == "not measured" for result in found)
    suite = _attribute(name)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuite name={suite} tests="{len(found)}" failures="{failures}" errors="0" skipped="{skipped}">'
    for result in found:
        case = f"  <testcase classname={suite} name={_attribute(result.measure)}"
        said = _attribute(_sentence(result))
        match result.verdict:
            case "failed":
                yield f"{case}><failure message={said}/></testcase>"
            case "not measured":
                yield f"{case}><skipped message={said}/></testcase>"
            case "warned":
                yield f"{case}><system-out>{said[1:-1]}</system-out></testcase>"
            case "passed":
                yield f"{case}/>"
    yield "</testsuite>"


def as_github(name: str, found: Sequence[Tested]) -> Iterator[str]:
    """Workflow commands of GitHub for what did not pass."""
    levels = {"failed": "error", "warned": "warning", "not measured": "notice"}
    for result in found:
        if result.verdict in levels:
            yield github_line(
                levels[result.verdict], {"title": f"datarecipe test: {result.measure}"}, f"{name}: {_sentence(result)}"
            )


WRITERS: Mapping[str, Callable[[str, Sequence[Tested]], Iterator[str]]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
    "github": as_github,
}


def ok(found: Sequence[Tested]) -> bool:
    """Whether no test failed; warnings and what cannot be measured do not count."""
    return all(result.verdict != "failed" for result in found)


def in_a_line(found: Sequence[Tested]) -> str:
    """How many tests there are, and how many did not pass."""
    failed, warned = (sum(result.verdict == verdict for result in found) for verdict in ("failed", "warned"))
    told = f"{counted(len(found), 'test')}: {failed} failed"
    return f"{told}, {counted(warned, 'warning')}" if warned else told


def _cells(result: Tested) -> list[str]:
    value = "" if result.value is None else f"{result.value:.4g}"
    return [result.verdict, result.measure, value, result.bounds]


def _sentence(result: Tested) -> str:
    value = "cannot be measured" if result.value is None else f"is {result.value:.4g}"
    return f"{result.measure} {value}, and should be {result.bounds}"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
