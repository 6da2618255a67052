"""Parts of JSON Schemas: every keyword, with honest and with odd values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from tests.fuzz import values
from tests.fuzz.tree import Map, Pair, Raw, Seq, Tree, child, children, tree_of

PATTERNS: Sequence[str] = (
    "^[A-Z]", "[?]$", r"\S", "^.{3,40}$", "a|b", "(a+)+$", "(a|a)*$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(\d+)*x", "((((a*)*)*)*)*b", "(.*)(.*)(.*)(.*)x", "a{1,65535}", "a{65536}", "(a{1000}){1000}",
    "((a{99}){99}){99}", "(?:x{0,500}){0,500}y", "(?=a+)b", "(?<!a)b", r"(a)\1", "(?P<n>a)(?P=n)", "(?i)a",
    "(?a:\\w)", "[[:alpha:]]", "[a-\\d]", "[z-a]", "(", ")", "*", "a**", "a{2,1}", "\\", "\\Z", "\\p{L}+", r"\u0041",
    r"\x{41}", "\\cA", "(?#c)", "^" * 1000, "(" * 90 + "a" + ")" * 90, "(" * 1000 + ")" * 1000, "a" * 5000,
    "|".join("abc" * 300), "[" + "a-z" * 500 + "]", "\x00", "\ud800", "é+", "(?>a+)b", "a++b", "(?(1)a|b)",
    "\\N{DIGIT ONE}", "[^\\s\\S]", "$^", ".*" * 30, "(a?){30}a{30}", "(?:(?:a|b)|(?:a|c))*d", "(\\w+\\s?)*$",
    "^(a?){50}$", "(?m)^a$", "\\b\\B", "[\\b]",
)  # fmt: skip

NAMES = (
    "answer", "question", "options", "label", "text", "order", "city", "choices", "a", "",
)  # fmt: skip

REFERENCES = (
    "#", "#/properties/answer", "#/$defs/a", "#/$defs/b", "#/x", "#/default", "#/definitions/a", "#a", "#/$defs/a/$defs/b",
    "#/properties/~1", "#/%24defs/a", "#/$defs/missing", "file:///etc/passwd", "http://localhost:9/x", "other.json",
    "https://json-schema.org/draft/2020-12/schema", "#/properties/answer/enum/0", "#/allOf/0", "##", "#/", "urn:x:y",
    "", " ", "#" + "/a" * 500, "\ud800", "http://[", "//", "%", "#%",
)  # fmt: skip


def schema(chance: Random, depth: int = 0) -> Tree:
    """A schema. The deeper it stands, the smaller it is."""
    if chance.random() < 0.08 + 0.15 * depth:
        return chance.choice((True, False, Map([]), tree_of({"type": "string"}), tree_of({"type": "object"})))
    pairs: list[Pair] = []
    if depth == 0 and chance.random() < 0.8:
        pairs.append(Pair("type", "object"))
    if depth == 0 and chance.random() < 0.04:
        hidden = tree_of({"question": {"$ref": chance.choice(("#/x", "#/x/y", "#/default"))}})
        return Map(
            [*pairs, Pair("properties", hidden), Pair(chance.choice(("x", "default")), _no_schema(chance, depth))]
        )
    for _ in range(chance.choice((1, 1, 2, 2, 3, 5))):
        keyword = chance.choice(_KEYWORDS)
        pairs = [pair for pair in pairs if pair.key != keyword]
        pairs.append(Pair(keyword, _value(keyword, chance, depth)))
    return Map(pairs)


def mutate(tree: Tree, chance: Random) -> None:
    """Put a keyword into one of the mappings within `tree`."""
    holder = tree
    while children(holder) and chance.random() < 0.65:
        below = [child(holder, n) for n in range(min(children(holder), 30))]
        mappings = [item for item in below if isinstance(item, (Map, Seq))]
        if not mappings:
            break
        holder = chance.choice(mappings)
    keyword = chance.choice(_KEYWORDS)
    if isinstance(holder, Map):
        holder.pairs = [pair for pair in holder.pairs if pair.key != keyword]
        holder.pairs.append(Pair(keyword, _value(keyword, chance, 1)))
    elif isinstance(holder, Seq):
        holder.items.append(schema(chance, 2))


def _value(keyword: str, chance: Random, depth: int) -> Tree:
    return values.value(chance) if chance.random() < 0.04 else _MAKERS[keyword](chance, depth)


def _whole(chance: Random, depth: int) -> Tree:
    return chance.choice((0, 1, 2, 3, 10, 1000, 10**6, 10**9, 2**31, 2**63, 10**30, 1.0, 2.5, -1, Raw("1" + "0" * 400)))


def _number(chance: Random, depth: int) -> Tree:
    return chance.choice((0, 1, -1, 0.5, 0.01, 5e-324, 1e-300, 1e308, 10**30, 10**400, 2**53 + 1, -0.0, 3, 7))


def _one(chance: Random, depth: int) -> Tree:
    return schema(chance, depth + 1)


def _several(chance: Random, depth: int) -> Tree:
    many = 1 if depth else 40
    return Seq([schema(chance, depth + 1) for _ in range(chance.choice((1, 1, 2, 3, many)))])


def _named(chance: Random, depth: int) -> Tree:
    names = chance.sample(NAMES, chance.choice((1, 2, 3)))
    return Map([Pair(name, schema(chance, depth + 1)) for name in names])


def _definitions(chance: Random, depth: int) -> Tree:
    return Map([Pair("a", schema(chance, depth + 1)), Pair("b", schema(chance, depth + 1))])


def _by_pattern(chance: Random, depth: int) -> Tree:
    return Map([Pair(chance.choice(PATTERNS), schema(chance, depth + 1)) for _ in range(chance.choice((1, 1, 3)))])


def _names(chance: Random, depth: int) -> Tree:
    return tree_of(list(chance.sample(NAMES, chance.choice((0, 1, 2)))))


def _type(chance: Random, depth: int) -> Tree:
    names = ("string", "object", "array", "number", "integer", "boolean", "null", "any")
    return chance.choice(names) if chance.random() < 0.7 else tree_of(list(chance.sample(names, 3)))


def _pattern(chance: Random, depth: int) -> Tree:
    if chance.random() < 0.7:
        return chance.choice(PATTERNS)
    parts = (
        "a",
        "b+",
        "(a|b)",
        "[a-z]*",
        ".",
        ".*",
        "\\d{2,9}",
        "(?:",
        ")",
        "(",
        "|",
        "?",
        "*",
        "{1,400}",
        "+",
        "^",
        "$",
        "x?",
        "\\s",
        "[^?]",
    )
    return "".join(chance.choices(parts, k=chance.choice((2, 4, 8, 20))))


def _bomb(chance: Random, depth: int) -> Tree:
    """Alternatives within alternatives, or references that multiply."""
    if chance.random() < 0.5:
        levels = chance.choice((3, 6, 10, 20, 24, 45))
        text = '{"const": 1}'
        for _ in range(min(levels, 12)):
            text = f'{{"anyOf": [{text}, {text}]}}' if levels < 12 else f'{{"anyOf": [{text}]}}'
        return Seq([Raw(text)])
    width = chance.choice((2, 3, 8))
    levels = chance.choice((3, 8, 20, 40))
    refs = [
        f'"l{n}": {{"allOf": [{", ".join([f"""{{"$ref": "#/$defs/l{n + 1}"}}"""] * width)}]}}' for n in range(levels)
    ]
    return Seq([Raw("{" + ", ".join([*refs, f'"l{levels}": {{}}']) + "}")])


def _multiplying(chance: Random, depth: int) -> Tree:
    bomb = _bomb(chance, depth)
    assert isinstance(bomb, Seq)
    return bomb.items[0]


def _texts(chance: Random, depth: int) -> Tree:
    return chance.choice(values.TEXTS)


def _reference(chance: Random, depth: int) -> Tree:
    return chance.choice(REFERENCES) if chance.random() < 0.5 else chance.choice(REFERENCES[:6])


def _enum(chance: Random, depth: int) -> Tree:
    if chance.random() < 0.1:
        return Raw("[" + ", ".join(map(str, range(chance.choice((100, 3000, 20_000))))) + "]")
    return Seq([values.scalar(chance) if chance.random() < 0.5 else "yes" for _ in range(chance.choice((1, 2, 3)))])


def _no_schema(chance: Random, depth: int) -> Tree:
    """What the metaschema does not look at, and a reference may name."""
    return Map([Pair(chance.choice((*_MAKERS,)), values.value(chance))])


_MAKERS: Mapping[str, Callable[[Random, int], Tree]] = {
    "x": _no_schema,
    "type": _type, "enum": _enum, "const": lambda chance, depth: values.scalar(chance), "pattern": _pattern,
        "format": lambda chance, depth: chance.choice(
        ("date", "email", "uri", "regex", "ipv6", "idn-hostname", "duration", "json-pointer", "x", "uuid", "time")),
    "minimum": _number, "maximum": _number, "exclusiveMinimum": _number, "exclusiveMaximum": _number,
    "multipleOf": _number,
    "minLength": _whole, "maxLength": _whole, "minItems": _whole, "maxItems": _whole, "minProperties": _whole,
    "maxProperties": _whole,
    "minContains": _whole, "maxContains": _whole, "uniqueItems": lambda chance, depth: chance.random() < 0.7,
    "properties": _named, "patternProperties": _by_pattern, "additionalProperties": _one,
    "unevaluatedProperties": _one, "unevaluatedItems": _one,
    "propertyNames": _one, "required": _names, "dependentRequired": lambda chance,
    depth: Map([Pair(chance.choice(NAMES), _names(chance, depth))]),
    "dependentSchemas": _named, "items": _one, "prefixItems": _several, "contains": _one, "anyOf": _several,
    "oneOf": _several, "allOf": _several,
    "not": _one, "if": _one, "then": _one, "else": _one, "$ref": _reference, "$dynamicRef": _reference,
    "$recursiveRef": _reference, "$defs": _definitions,
    "definitions": _definitions, "$anchor": _texts, "$dynamicAnchor": _texts, "$id": _reference,
    "$schema": lambda chance, depth: chance.choice(
        ("https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-04/schema", "x", "")),
    "$vocabulary": lambda chance, depth: Map([]), "$comment": _texts, "title": _texts, "default": lambda chance,
    depth: values.value(chance),
    "examples": lambda chance, depth: Seq([values.value(chance)]), "contentSchema": _one, "contentEncoding": _texts,
    "deprecated": lambda chance, depth: True,
}  # fmt: skip
_KEYWORDS = (*_MAKERS, *("properties",) * 4, *("pattern",) * 4, *("$ref",) * 4, *("anyOf",) * 2)
_MAKERS = {**_MAKERS, "anyOf": lambda chance, depth: _bomb(chance,
    depth) if chance.random() < 0.1 else _several(chance, depth),
           "$defs": lambda chance, depth: _multiplying(chance,
           depth) if chance.random() < 0.15 else _definitions(chance, depth)}  # fmt: skip
