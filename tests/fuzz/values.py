"""Values and texts that readers and checkers stumble over, and values that the format takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from datarecipe.exchange import Json
from tests.fuzz.tree import Map, Pair, Raw, Seq, Tree, tree_of

TEXTS: Sequence[str] = (
    "", " ", "\n", "\t", "a", "yes", "no", "true", "null", "~", "0", "-1", "1e3", "0x10", "1_000", "012", ".nan",
    ".inf", "<<", "x" * 100, "\u202e backwards", "\x1b[31mred", "\x00", "\x85", "\u2028", "\ufeff", "\ud800",
    "\udc00\ud800", "\U0010ffff", "\u200d", "é", "e\u0301", "ﬁ", "ß", "İ", "١٢", "𝟙", "Ⅳ", "½", "a" + "\u0301" * 300,
    "{{", "}}", "{%", "{{ 7 * 7 }}", "{% for x in fields %}", "{{ vars }}", "../../../etc/passwd", "/etc/passwd",
    "/dev/zero", "a/b.yaml", "main.yaml", "./main.yaml", "recipes/main.yaml", "..", "../", "//", "~/x.yaml",
    "a\x00b.json", "a" * 300 + ".json", "/" * 5000, "*a", "&a b", "!!str x", "!!python/object:os.system x", "- a",
    "a: b", "# no comment", "| text", "> text", "%YAML 1.1", "---", "...", "`", "@", "'", '"', "fixed", "tree",
    "open", "answer", "question", "options", "label", "content", "http://localhost/", "http://[::1", "https://u:p@h/",
    "openai/gpt-4o-mini", "local/smollm2-135m", "local/x.gguf", "local//dev/zero", "x/y", "gemini/gemma-3", ">=0.1",
    "==9", ">=0.1,<9", "1.0.0.0.0", "(a+)+$", "[", "(?P<", "^(?:a|a)*$", "\\p{L}", "a{1,99999}", "((a{99}){99}){99}",
    "(?=a)b", "\\1", "(?i:A)", "[^]", "\\u{1F600}", "^\\S+$",
)  # fmt: skip

NUMBERS: Sequence[Tree] = (
    0, -1, 1, 2, 3, 5, 100, 101, 1000, 1001, 100_001, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**9, 10**9 + 1, 10**30,
    -(10**30), 10**400, 0.5, -0.0, 1.0, 5e-324, 1e308, 1.7976931348623157e308, 0.1, 1e22, Raw("1e999"), Raw("-1e999"),
    Raw("1e-999"), Raw(".inf"), Raw(".nan"), Raw("NaN"), Raw("Infinity"), Raw("-.Inf"), Raw("0o17"),
    Raw("0xFFFFFFFFFFFFFFFFFFFF"), Raw("+1"), Raw("01"), Raw("1."), Raw(".5"), Raw("1e5"), Raw("9" * 4300),
    Raw("9" * 4301), Raw("1" + "0" * 50_000), Raw("0." + "0" * 5000 + "1"), Raw("1e" + "9" * 30),
    Raw("0x" + "f" * 9999), Raw("--1"),
)  # fmt: skip

RAW: Sequence[Raw] = tuple(
    Raw(text)
    for text in (
        "*a", "&a", "&a x", "*common", "*seed", "!!python/object/apply:os.system [x]", "!!binary aGk=", "!!set {a}",
        "!!omap [a: 1]", "!!str 5", "!!int 5",
        "!!int x", "!!float 1", "!!null ''", "!!bool yes", "!!map {}", "!!seq []", "!x y", "!", "! 5",
        "!<tag:yaml.org,2002:str> x", "!!timestamp 2001-01-01",
        "{<<: *a}", "{<<: {a: 1}}", "{<<: [{a: 1}, {a: 2}]}", "{<<: 5}", "{? a : b}", "{a}", "[a: b]", "[, ]",
        "{, }", "[", "{", "]", "}", "|\n  x", ">-\n  x", "|9\n x",
        "? a", "@x", "`x", "%x", "'", '"', "\\", '"\\x"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\UFFFFFFFF"', '"\\0"',
        '"\\N"', '"\\e[2J"', "\x00", "\x07", "\ufeff", "\x85x",
        "2001-01-01", "1:30", "y", "on", "=", "<<", "&a [*a]", "&a {b: *a}", "&a [1, 2], *a", "/* c */ 1", "1 // c",
        "1,", "tru", "-", "- -", "- - - x", "? ? x", ": :", "[]]", "{}}",
    )
)  # fmt: skip

LEGAL: Mapping[str, Sequence[Json]] = {
    "recipe": (1, 1.0, 2, "1"),
    "name": ("a", "A_b.c-9", "x" * 100, "0"),
    "description": ("", "Words.", "Σ" * 50, "{{ batch_size }}", "two\nlines\n"),
    "version": ("1", "2026.1", "x"),
    "license": ("MIT", "Apache-2.0 OR MIT"),
    "tags": ([], ["a"], ["a", "a"], ["x"] * 50),
    "requires": (">=0.0", "", ">=0.1,!=0.2", "<99"),
    "task": ("yes_no", "multiple_choice", "open", "classification", {"label": "answer"}, {"label": "question",
    "options": None},
             {"label": "label", "options": "options"}, {"label": "text"}),
    "instruction": ("Write {{ batch_size }}.", "{{ fields }}", "../templates/fixed_labels.j2",
    "{% for x in vars %}{{ x }}{% endfor %}.",
                    "{{ labels }}", "{{ vary | tojson }} {{ vars | length }}", "plain text"),
    "seed_example": ({"answer": "yes", "question": "q?"}, {"label": "good", "text": "t"}, {"question": "q",
    "options": ["a", "b"], "answer": "b"},
                     [{"answer": "no", "question": "é"}, {"answer": "yes", "question": "e\u0301"}],
                     {"answer": {"a": [1, None]}, "q": 1.5}, "../seeds/chain.json"),
    "labels": (["yes", "no"], [1, 2], [1, "1"], [True, False, None], ["a", "A"], ["good"], "open",
    {"per_example": 2}, {"per_example": 3}, {"per_example": 100},
               ["l" + str(i) for i in range(60)], [" x ", "x"], [0.1, 1e300]),
    "strategy": ("fixed", "random", "contrastive", "similar", "tree", {"kind": "tree", "roots": 100_000},
    {"kind": "random", "chains": 1, "patience": 1},
                 {"kind": "similar", "embedder": "hashed-ngrams"}, {"kind": "contrastive", "embedder": {"model": "minilm"}},
                 {"kind": "fixed", "chains": 8}),
    "target_size": (1, 10, 500, 10**9, 1.0),
    "batch_size": (1, 2, 7, 1000),
    "random_seed": (0, 1, 2**53 - 1),
    "schema": (True, {}, {"type": "object"}, {"$ref": "#/$defs/a", "$defs": {"a": {}}}, "../schemas/order.json"),
    "vars": ({}, {"a": 1}, {"rules": {"a": "b"}}, {"rules": ["x", "y"]}, {"items": 1, "get": 2, "": 3},
    {"numbers": [1, 2], "text": "t", "tree": []}),
    "vary": ({}, {"topic": ["a"]}, {"topic": ["a", {"value": "b", "weight": 3}]}, {"topic": [{"value": 1, "weight": 10**9}]},
             {"topic": ["a", "b"], "tone": [1, 2.5, True]}, {"items": ["x"]},
    {"p": [{"name": "n", "deep": {"a": [1]}}]},
             {k: list(range(12)) for k in "abcd"}, {k: ["x", "y"] for k in "abcdefghijklmnopqrstuvwxyz"},
             {"topic": [f"t{n}" for n in range(1500)]}, {f"k{n}": ["x", "y"] for n in range(200)}),
    "model": ("openai/gpt-4o-mini", "openai/o3", "gemini/gemma-3-4b-it", "local/smollm2-135m", "x/y", "local/a.gguf"),
    "api_base": ("http://localhost:1/v1", "https://example.org", "http://[::1]:8000"),
    "sampling": ({}, {"temperature": 0}, {"temperature": None, "top_p": 1}, {"max_tokens": None},
    {"max_tokens": 10**18}, {"reasoning_effort": None}),
    "response_format": ("auto", "json_schema", "json_object", "none"),
    "limits": ({}, {"concurrency": 1}, {"timeout": 0.001, "barren": 1}, {"usd": 1},
    {"usd": 0.0, "tokens": 1, "rpm": 1, "tpm": 1},
    {"calls": 5, "max_concurrency": 4},
    {"stop_when": {"yield_below": 0.1, "window": 5}}, {"stop_when": {}},
    {"concurrency": 2, "max_concurrency": 64}),
    "extends": ("bases/root.yaml", ["bases/task.yaml", "bases/topics.yaml"], "bases/collection.yaml",
    ["bases/passage.yaml"], "main.yaml", []),
    "filters": ({"length": {"question": {"max_words": 40}}}, {}, {"decontaminate": "../data/test.jsonl"},
    {"language": "en"}, {"language": ["de", "zh"]}, {"language": {"is": "fr", "fields": ["question"], "unsure": "reject"}},
    {"balance": True}, {"balance": "label"}, {"balance": {"shares": {"yes": 0.3, "no": 1e-4}, "window": 1, "tolerance": 1}},
    {"verify": "openai/gpt-4o-mini"},
    {"verify": {"model": "x/y", "votes": 5, "agree": 3, "fields": ["question"], "sampling": {"max_tokens": 9}}}),
    "fallbacks": ([], ["openai/gpt-4o-mini"],
    [{"model": "x/y", "prices": {"input_per_million": 1, "output_per_million": 0}}]),
    "prices": ({"input_per_million": 1}, {"input_per_million": 0.15, "output_per_million": 1e-9}),
    "evaluate": ({"test": "x.jsonl"},),
    "x-mine": (None, 1, {"a": ["b"]}, []),
}  # fmt: skip
"""Values for the keys of the format; most are taken, some only in the right company."""

KEYS = (
    *LEGAL, "kind", "chains", "label", "options", "answer", "question", "text", "topic", "rules", "", "<<", "é", "X-",
    "x-", "Recipe", "strategie", "__class__", "a.b", "items", "k" * 300, "\u202e", "0", "null", "yes",
)  # fmt: skip


def scalar(chance: Random) -> Tree:
    """One interesting value without others in it."""
    kind = chance.random()
    if kind < 0.45:
        return chance.choice(TEXTS)
    if kind < 0.75:
        return chance.choice(NUMBERS)
    if kind < 0.9:
        return chance.choice((None, True, False, "", 0, 1))
    return chance.choice(RAW)


def value(chance: Random) -> Tree:
    """One interesting value of any kind."""
    kind = chance.random()
    if kind < 0.6:
        return scalar(chance)
    if kind < 0.72:
        return chance.choice(
            (Seq([]), Map([]), Seq([None]), Map([Pair("", None)]), Seq([Seq([])]), Raw("[[]]"), Raw("{}"), Raw("[{}]"))
        )
    if kind < 0.85:
        return tree_of(chance.choice(LEGAL[chance.choice(list(LEGAL))]))
    if kind < 0.93:
        return Seq([scalar(chance) for _ in range(chance.randint(1, 6))])
    if kind < 0.97:
        return nested(chance)
    return large(chance)


def nested(chance: Random) -> Raw:
    """Lists and mappings within one another."""
    depth = chance.choice((3, 10, 40, 48, 49, 50, 51, 60, 200, 1000, 5000))
    opening, closing = chance.choice(
        (("[", "]"), ("{a: ", "}"), ('{"a": ', "}"), ("[{a: [", "]}]"), ("{? ", "}"), ("- ", ""))
    )
    return Raw(opening * depth + chance.choice(("", "x", "1")) + closing * chance.choice((depth, depth, depth - 1)))


def large(chance: Random) -> Raw:  # noqa: PLR0911 - a return for each kind
    """Many values, or a long one. Up to about a megabyte, seldom."""
    size = chance.choice((100, 100, 1000, 1000, 5000, 5000, 20_000, 60_000))
    kind = chance.randrange(7)
    if kind == 0:
        return Raw("[" + ", ".join(["x"] * size) + "]")
    if kind == 1:
        return Raw("[" + ", ".join(f'"t{n}"' for n in range(size)) + "]")
    if kind == 2:
        return Raw("{" + ", ".join(f'"k{n}": {n}' for n in range(size)) + "}")
    if kind == 3:
        return Raw('"' + chance.choice(("x", "word ", "é", "😀", "\\n", "{{ 1 }}", "a: ")) * size + '"')
    if kind == 4:
        return Raw("[" + "[], " * size + "[]]")
    if kind == 5:
        return Raw('["' + "z" * size + '", "' + "z" * size + '"]')
    return Raw("[" + ", ".join(f'{{"answer": "yes", "question": "q{n}"}}' for n in range(size)) + "]")
