"""Templates: their tokens exchanged, and templates made anew from Jinja's grammar, honest and hostile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

_TOKEN = re.compile(
    r"""\{[{%#][-+]?|[-+]?[}%#]\}|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\d[\d_.]*|[*/=<>!]{2}|\s+|[^\w\s]|\w+""",
    re.DOTALL,
)

NAMES = (
    "batch_size", "fields", "description", "labels", "labels.kind", "labels.values", "labels.options", "vars", "vary",
    "vary.topic", "vars.rules", "vars.numbers", "vars.tree", "vars.people", "vars.text", "loop", "loop.index", "self",
    "caller", "varargs", "kwargs", "x", "y", "missing", "none", "true", "namespace", "range", "dict", "joiner",
    "cycler", "lipsum", "True", "_x", "__class__", "super", "loop.previtem", "loop.depth0", "loop.changed",
)  # fmt: skip

NUMBERS = (
    "0", "1", "2", "3", "7", "-1", "10", "100", "1000", "1.5", "1e3", "0.1", "99999", "100000", "100001", "10**6",
    "10**9", "2**63", "10**30", "1e308", "1_000", "0x10", "0b1", "0o7", "9" * 50, "9" * 1000, "9" * 5000, "1e400",
    "1e-400", "-9" * 3,
)  # fmt: skip

TEXTS = (
    "''", "'a'", '"b"', "', '", "'%s'", "'%d %d'", "'%999999999d'", "'%.999999999f'", "'%(a)s'", "'%*d'", "'{}'",
    "'{0.__class__}'", "'{:>999999999}'", "'{:{}}'", "'{0[0]}'", "'{!r:>9}'", "'abc ' * 3", "'é'", "'\\u202e'",
    "'\\x00'", "'\\ud800'", "'\\n'", "'<b>&amp;</b>'", "'name'", "'age,name'", "'a.b.c.d'", "'topic'", "'x' * 1000",
    "'x' * 10**6", "'x' * 10**9", "'" + "w " * 500 + "'", "'" + "(" * 300 + "'",
)  # fmt: skip

FILTERS = (
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape",
    "filesizeformat", "first", "float", "forceescape", "format", "groupby", "indent", "int", "items", "join", "last",
    "length", "list", "lower", "map", "max", "min", "pprint", "reject", "rejectattr", "replace", "reverse", "round",
    "safe", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "tojson", "trim",
    "truncate", "unique", "upper", "urlencode", "urlize", "wordcount", "wordwrap", "xmlattr", "random", "missing",
)  # fmt: skip

TESTS = (
    "boolean", "callable", "defined", "divisibleby(2)", "eq(1)", "even", "false", "filter", "float", "ge(1)",
    "in([1])", "integer", "iterable", "lower", "mapping", "ne(1)", "none", "number", "odd", "sameas(1)", "sequence",
    "string", "test", "true", "undefined", "upper", "escaped", "missing", "divisibleby(0)",
)  # fmt: skip

METHODS = (
    "upper()", "lower()", "strip()", "split()", "split('')", "rsplit(' ', 1)", "partition('a')", "replace('a', 'bb')",
    "replace('', 'xxxxxxxx')", "join(['a', 'b'])", "format(1, x=2)", "center(99)", "ljust(10**9)", "zfill(50)",
    "expandtabs(10**6)", "count('')", "index('q')", "find('a')", "startswith('a')", "isdigit()", "splitlines()",
    "items()", "keys()", "values()", "get('a')", "get('a', 1)", "pop()", "append(1)", "update({})", "clear()",
    "sort()", "encode()", "translate({})", "maketrans('a', 'b')", "is_integer()", "bit_length()", "title()",
    "swapcase()", "format_map({})", "mro()", "__class__", "__init__", "_x", "gi_frame", "f_globals", "name", "age",
    "kind", "next()", "current", "reset()", "cycle('a', 'b')", "upper", "casefold()", "real", "imag", "numerator",
)  # fmt: skip

_FUNCTIONS = (
    "range", "dict", "namespace", "joiner", "cycler", "lipsum", "loop", "caller", "super",
)  # fmt: skip

OPERATORS = (
    "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in",
)  # fmt: skip

PIECES = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "{%+", "endfor", "endif", "for", "in", "if",
    "else", "elif", "set", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "block", "endblock", "raw",
    "endraw", "with", "endwith", "include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'",
    "autoescape true", "do", "continue", "break", "recursive", "scoped", "required", "trans", "|", ".", ",", ":", "(",
    ")", "[", "]", "{", "}", "not", "is", "is not", "\n", " ", "\t", "\r", "$", "\\", "`", "?", "!", "@", "\x00",
    "\x85", "\u2028", "# line", "##", "line", *OPERATORS,
)  # fmt: skip


def tokens_of(text: str) -> list[str]:
    """The text in pieces: tags, names, numbers, texts, signs and what stands between."""
    return _TOKEN.findall(text)


def mutate(text: str, chance: Random) -> str:
    """Change one thing of a template."""
    kind = chance.random()
    if kind < 0.1:
        return generated(chance)
    tokens = tokens_of(text)
    at = chance.randrange(len(tokens) + 1)
    if kind < 0.45 or not tokens:
        # Between tags: then the rest of the template still means what it did.
        ends = [n + 1 for n, token in enumerate(tokens) if token.endswith(("}}", "%}"))] or [len(tokens)]
        at = chance.choice([0, len(tokens), *ends])
        tokens[at:at] = [statement(chance)]
    elif kind < 0.7:
        _exchange(tokens, chance)
    elif kind < 0.8:
        tokens[at:at] = [chance.choice((*PIECES, *NUMBERS, *NAMES))]
    elif kind < 0.88:
        del tokens[at : at + chance.choice((1, 1, 2, 10))]
    elif kind < 0.92:
        tokens[at:at] = tokens[at : at + chance.choice((1, 5, 50))] * chance.choice((1, 1, 3, 300))
    elif kind < 0.96:
        other = chance.randrange(len(tokens))
        at = chance.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        variable = chance.choice("xyz")
        tokens = [f"{{% for {variable} in {iterable(chance)} %}}", *tokens, "{% endfor %}"]
    return "".join(tokens)


def _exchange(tokens: list[str], chance: Random) -> None:
    """Another token of the same kind in place of one."""
    places = [n for n, token in enumerate(tokens) if token[0].isalnum() or token[0] in "'\"|+-*/=<>~_"]
    if not places:
        return
    at = chance.choice(places)
    old = tokens[at]
    before = next((token for token in reversed(tokens[:at]) if not token.isspace()), "")
    if before == "|":
        tokens[at] = _filter(chance, 2)
    elif before == ".":
        tokens[at] = chance.choice(METHODS)
    elif old[0].isdigit():
        tokens[at] = chance.choice(NUMBERS)
    elif old[0] in "'\"":
        tokens[at] = chance.choice(TEXTS)
    elif old[0].isalpha() or old[0] == "_":
        tokens[at] = chance.choice(NAMES) if chance.random() < 0.7 else expression(chance, 2)
    else:
        tokens[at] = chance.choice(OPERATORS)


def generated(chance: Random) -> str:
    """A template from Jinja's grammar. Most are small and honest."""
    parts = [statement(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    return "Write {{ batch_size }}: " + chance.choice((" ", "\n", ", ")).join(parts)


def statement(chance: Random, depth: int = 0) -> str:  # noqa: PLR0911 - a return for each kind
    """One expression or statement, closed."""
    kind = chance.random()
    if depth > 3 or kind < 0.5:
        return "{{ " + expression(chance) + " }}"
    inner = statement(chance, depth + 1)
    if kind < 0.64:
        extra = chance.choice(("", "", "", " if x", " recursive", f" if {condition(chance)}"))
        other = chance.choice(("", "", "{% else %}e", "{{ loop.index }}", "{{ loop(x) }}"))
        return (
            f"{{% for {chance.choice(('x', 'y', 'x, y'))} in {iterable(chance)}{extra} %}}{inner}{other}{{% endfor %}}"
        )
    if kind < 0.72:
        return (
            f"{{% if {condition(chance)} %}}{inner}{chance.choice(('', '{% else %}e', '{% elif x %}f'))}{{% endif %}}"
        )
    if kind < 0.8:
        name = chance.choice(("x", "y", "x, y", "x", "vars.a", "loop", "batch_size"))
        return f"{{% set {name} = {expression(chance)} %}}{inner}"
    if kind < 0.84:
        return f"{{% set x %}}{inner}{{% endset %}}{{{{ x{chance.choice(('', '|upper', ' ~ x', ' * 9'))} }}}}"
    if kind < 0.86:
        called = chance.choice(("m()", "m(1)", "m(m())", "m(x=1)", "m(1, 2, 3)", "m"))
        body = inner if chance.random() < 0.8 else inner + "{{ " + called + " }}"
        return f"{{% macro m({chance.choice(('', 'x', 'x=1', 'x, y=2', 'x=x'))}) %}}{body}{{% endmacro %}}{{{{ {called} }}}}"
    if kind < 0.91:
        return f"{{% filter {_filter(chance, 2)} %}}{inner}{{% endfilter %}}"
    if kind < 0.96:
        return f"{{% with x = {expression(chance)}, y = x %}}{inner}{{% endwith %}}"
    if kind < 0.98:
        after = chance.choice(("", "{{ self.b() }}", "{{ super() }}"))
        return f"{{% block b{chance.choice(('', ' scoped', ' required'))} %}}{inner}{{% endblock %}}{after}"
    return _hostile(chance)


def _hostile(chance: Random) -> str:
    depth = chance.choice((5, 19, 21, 50, 60, 200, 2000))
    return chance.choice((
        "{% for x in range(1000) %}" * min(depth, 60) + "a" + "{% endfor %}" * min(depth, 60),
        "{% if 1 %}" * depth + "a" + "{% endif %}" * depth,
        "{{ " + "(" * depth + "1" + ")" * depth + " }}",
        "{{ " + "[" * depth + "]" * depth + " }}",
        "{{ 1" + " + 1" * depth + " }}",
        "{{ 2" + " ** 9" * depth + " }}",
        "{{ " + "not " * depth + "1 }}",
        "{{ " + "-" * depth + "1 }}",
        "{{ vars" + ".a" * depth + " }}",
        "{{ 'a'" + " | upper" * depth + " }}",
        "{{ 'a'" + " | replace('a', 'aa')" * depth + " }}",
        "{{ 1" + " if 1 else 2" * depth + " }}",
        "{% set x = 'ab' %}" + "{% set x = x ~ x %}" * min(depth, 200) + "{{ x | length }}",
        "{% set x = [1] %}" + "{% set x = [x, x] %}" * min(depth, 200) + "{{ x }}",
        "{% set ns = namespace(a=[]) %}{% for i in range(99) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}",
        "{% set ns = namespace(a=3) %}{% for i in range(99) %}{% set ns.a = ns.a * ns.a %}{% endfor %}{{ ns.a }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
        "{{ range(100000) | list | length }}{{ range(99999) | map('string') | join | length }}",
        "{{ (range(9999) | list) | sort | unique | sum }}",
        "{{ range(300) | batch(1) | map('join') | join('" + "x" * 500 + "') }}",
        "{{ [vars] * 99999 }}{{ vars | tojson(indent=999999) }}",
        "{% filter indent(99999, true) %}" + "a\n" * 99 + "{% endfilter %}",
        "{{ 'a' * 10**9 }}", "{{ [1] * 10**9 }}", "{{ 10 ** 10 ** 8 }}", "{{ 'a'.ljust(10**9) }}",
        "{{ range(10**9) }}", "{{ (1, 2) * 10**8 }}",
        "{{ 'a b ' * 9999 | wordwrap(1) }}", "{{ ('a ' * 99999).split() | length }}",
        "{{ ('a' * 99999).replace('a', 'b' * 9) | length }}",
        "{{ '%0999999d' % 5 }}", "{{ '{:0999999}'.format(5) }}", "{{ '%s' * 99999 % 1 }}", "{{ lipsum() }}",
        "{{ cycler('a').next }}", "{{ self }}{{ loop }}",
        "{{ ('" + "<" * 3000 + "') | striptags }}", "{{ ('<!--' * 9999) | striptags }}",
        "{{ ('a' * 99999) | wordwrap(1) | length }}", "{{ ('w ' * 49999) | title | length }}",
        "{{ [[1, 2], [1, 'a']] | sort }}", "{{ [1, 'a', none] | max }}", "{{ {'a': {}} | dictsort(by='x') }}",
        "{{ fields[10**30:] }}", "{{ fields[::0] }}", "{{ description[::-1][1:10**9] }}",
    ))  # fmt: skip


def expression(chance: Random, depth: int = 0) -> str:  # noqa: PLR0911 - a return for each kind
    """An expression; the deeper it stands, the smaller it is."""
    kind = chance.random()
    if depth > 3 or kind < 0.25:
        return _leaf(chance)
    if kind < 0.5:
        return f"{expression(chance, depth + 1)} | {_filter(chance, depth + 1)}"
    if kind < 0.68:
        operator = chance.choice(OPERATORS)
        return f"{expression(chance, depth + 1)} {operator} {expression(chance, depth + 1)}"
    if kind < 0.78:
        return f"{_leaf(chance)}.{chance.choice(METHODS)}"
    if kind < 0.83:
        key = chance.choice(
            ("0", "-1", "1:", "::2", "::-1", ":10**9", "'a'", "x", "none", "'__class__'", "1.5", "0, 1", "batch_size")
        )
        return f"({expression(chance, depth + 1)})[{key}]"
    if kind < 0.88:
        return f"[{', '.join(expression(chance, depth + 2) for _ in range(chance.choice((0, 1, 3))))}]"
    if kind < 0.91:
        return f"{{{chance.choice(TEXTS)}: {expression(chance, depth + 2)}}}"
    if kind < 0.95:
        return f"({expression(chance, depth + 1)} if {condition(chance)} else {expression(chance, depth + 1)})"
    if kind < 0.97:
        return f"{chance.choice(('not', '-', '+'))} {expression(chance, depth + 1)}"
    return f"{chance.choice(_FUNCTIONS)}({_arguments(chance, depth)})"


def iterable(chance: Random) -> str:
    """Something that a loop goes over, mostly."""
    return chance.choice(("fields", "labels", "labels.values", "vars.items()", "vary.items()", "vars.rules",
        "vars.numbers", "vars.tree", "range(3)", "range(0)", "range(1000)", "range(100000)", "range(10**9)",
                          "'abc'", "description", "[1, 2]", "[[1, 2], [3, 4]]", "vars", "(1, 2)", "x",
                          "fields | reverse", "vars | dictsort", "range(9) | batch(2)", "{}", "5", "none",
                          expression(chance, 2)))  # fmt: skip


def condition(chance: Random) -> str:
    """Something that is true or not."""
    if chance.random() < 0.5:
        return f"{_leaf(chance)} is {chance.choice(('', 'not '))}{chance.choice(TESTS)}"
    return expression(chance, 2)


def _leaf(chance: Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(NAMES[:15]) if chance.random() < 0.85 else chance.choice(NAMES)
    return chance.choice(NUMBERS) if kind < 0.72 else chance.choice(TEXTS)


def _filter(chance: Random, depth: int) -> str:
    name = chance.choice(FILTERS)
    if name in {"map", "select", "reject"} and chance.random() < 0.8:
        return f"{name}('{chance.choice(FILTERS)}')"
    if name in {"groupby", "selectattr", "rejectattr", "attr"} and chance.random() < 0.8:
        return f"{name}({chance.choice(TEXTS)})"
    return name if chance.random() < 0.6 else f"{name}({_arguments(chance, depth)})"


def _arguments(chance: Random, depth: int) -> str:
    parts: Sequence[str] = [expression(chance, depth + 2) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    named = chance.choice(
        (
            "width",
            "length",
            "attribute",
            "indent",
            "default",
            "reverse",
            "start",
            "d",
            "x",
            "case_sensitive",
            "first",
            "fill_with",
        )
    )
    extra = chance.random()
    if extra < 0.2:
        return ", ".join([*parts, f"{named}={expression(chance, depth + 2)}"])
    return ", ".join(
        [*parts, f"*{_leaf(chance)}"] if extra < 0.23 else [*parts, f"**{_leaf(chance)}"] if extra < 0.26 else parts
    )
