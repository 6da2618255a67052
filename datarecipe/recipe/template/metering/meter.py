"""The counters of one rendering.

Everything that a template does passes here before it is done: rounds of loops, parts of the template that are run again,
elements that are looked at, characters that are made. A counter that would pass its limit raises `TemplateBoundError`,
so that neither time nor memory is spent first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NoReturn

from jinja2.runtime import LoopContext, Macro, Undefined
from jinja2.utils import Namespace

from datarecipe.recipe.template.metering.bounds import Limits, TemplateBoundError, TemplateRefused

BITS_A_DIGIT = 3.3219280948873626
"""log2(10)."""

VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))

_CONTAINERS: tuple[type, ...] = (list, tuple, dict, *VIEWS)

_SCANNED_AT_ONCE = 3
"""2 to the power of it is how many characters are looked at for one operation."""

_MOST_ALIKE = 20
"""Keys of one mapping that have the same hash."""

_FIRST_ALIKE = 2**61 - 1
"""Whole numbers that differ by it have the same hash, see "Hashing of numeric types" in Python's manual."""

_SHORT = 24
"""Characters that a number or a constant has at most, whole numbers apart."""

_KINDS = {
    LoopContext: "the state of a loop",
    Macro: "a macro",
    Namespace: "a namespace",
}


class Method:
    """A method of a value, taken and not called yet: `vars.items` without its brackets."""

    __slots__ = ("_apply", "_value", "name")

    def __init__(self, name: str, value: Any, apply: Callable[..., Any]) -> None:
        """`apply` takes the meter, the value that the method belongs to, and the arguments."""
        self.name = name
        self._value = value
        self._apply = apply

    def call(self, meter: Meter, /, *args: Any, **names: Any) -> Any:
        """Call it; all that it works on is charged first."""
        meter.admit((self._value, *args), names)
        return self._apply(meter, self._value, *args, **names)


class Meter:
    """Counts what one rendering does."""

    __slots__ = ("characters", "depth", "iterations", "limits", "operations")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.iterations = 0
        self.operations = 0
        self.characters = 0
        self.depth = 0

    # --- the counters

    def spend(self, operations: int) -> None:
        """Count `operations` parts of the template or elements."""
        self.operations += operations
        if self.operations > self.limits.operations:
            raise TemplateBoundError(
                f"does more than {self.limits.operations:,} operations",
                hint="loop over less, and put less work into the inner loops",
            )

    def count(self, rounds: int) -> None:
        """Count rounds of a loop."""
        self.iterations += rounds
        if self.iterations > self.limits.iterations:
            raise TemplateBoundError(
                f"makes more than {self.limits.iterations:,} rounds of loops in all",
                hint="loop over less: rounds of nested loops multiply, and filters over lists count as loops",
            )

    def rounds(self, values: Any, weight: int) -> Any:
        """`values`, to be looped over; each round runs `weight` parts of the template."""
        number = len(values) if hasattr(type(values), "__len__") else len(values := list(values))
        self.count(number)
        self.spend(number * (weight + 1))
        return values

    def elements(self, values: Any) -> list[Any]:
        """The elements of `values` as a list, for a filter that looks at each."""
        if hasattr(type(values), "__len__"):
            self.count(len(values))
        made = list(values)
        self.spend(len(made))
        return made

    def listed(self, number: int) -> None:
        """A list of `number` elements is made."""
        if not number <= self.limits.items:  # so that NaN is refused: a counter that is NaN counts no more
            raise TemplateBoundError(
                f"makes a list of {_plain(number)} elements; {self.limits.items:,} is the limit",
                hint="a prompt needs shorter lists",
            )
        self.spend(number)

    def fits(self, length: int) -> None:
        """Whether a text of `length` characters may be made; it is counted by `made` when it is there."""
        if length > self.limits.text:
            raise TemplateBoundError(
                f"makes a text of {_plain(length)} characters; {self.limits.text:,} is the limit for one text",
                hint="repeat, pad or indent less",
            )
        self.counted(length, commit=False)

    def counted(self, length: int, *, commit: bool = True) -> None:
        """Count the characters of a text."""
        total = self.characters + length
        if total > self.limits.characters:
            raise TemplateBoundError(
                f"makes texts of more than {self.limits.characters:,} characters in all",
                hint="texts on the way count too: build the text once, not anew in each round of a loop",
            )
        if commit:
            self.characters = total

    def made(self, text: str) -> str:
        """`text`, which was just made."""
        if len(text) > self.limits.text:
            self.fits(len(text))
        self.counted(len(text))
        return text

    def scanned(self, length: int) -> None:
        """A text of `length` characters is searched or compared, which is faster than making one."""
        self.spend(length >> _SCANNED_AT_ONCE)

    def whole(self, bits: float) -> None:
        """Whether a whole number of about `bits` bits may be computed."""
        if bits > self.limits.digits * BITS_A_DIGIT + 1:
            self._too_long()

    def number(self, value: int) -> int:
        """`value`, which was just computed."""
        if value.bit_length() > self.limits.digits * BITS_A_DIGIT and abs(value) >= 10**self.limits.digits:
            self._too_long()
        return value

    def _too_long(self) -> NoReturn:
        raise TemplateBoundError(
            f"makes a number of more than {self.limits.digits:,} digits", hint="a prompt needs smaller numbers"
        )

    def enter(self) -> None:
        """A macro or a recursive loop is called. `leave` must follow."""
        if self.depth >= self.limits.calls:
            raise TemplateBoundError(
                f"calls macros or recursive loops more than {self.limits.calls} deep",
                hint="does a macro call itself without an end?",
            )
        self.depth += 1

    def leave(self) -> None:
        """What was entered has ended."""
        self.depth -= 1

    # --- what goes in

    def admit(self, args: Iterable[Any], names: Mapping[str, Any]) -> None:
        """The gate: whatever a filter, test, function or method is given is weighed and charged before it is called.

        So no call can look at more than what was paid for, however little comes out of it.
        """
        for value in (*args, *names.values()):
            self.compared(value)

    def nested(self, value: Any) -> Any:
        """`value`, a list, tuple or mapping that was just made. Each value within is looked at once for each level."""
        if isinstance(value, dict):
            self.hashed(value)
        level = {0: value}
        for _ in range(self.limits.nesting):
            self.spend(sum(map(len, level.values())))
            within = (inner for each in level.values() for inner in _within(each))
            level = {id(inner): inner for inner in within if _is_container(inner)}
            if not level:
                return value
        raise self._too_deep()

    # --- sizes of values

    def weigh(self, value: Any, *, printed: bool = False) -> int:
        """About how many characters `value` is, with all that is in it; what is within is counted as operations.

        With `printed`, what cannot be written into a prompt is refused. A value may hold another many times over, so
        that its text is far longer than its memory: that is why it is counted while it is walked.
        """
        size = 0
        stack: list[tuple[Any, int]] = [(value, 1)]
        while stack:
            each, depth = stack.pop()
            if not _is_container(each):
                size += self._light(each, printed=printed)
                continue
            if depth > self.limits.nesting:
                raise self._too_deep()
            self.spend(len(each) + 1)
            size += 2 + 2 * len(each)
            for inner in _within(each):
                if type(inner) is str:
                    size += len(inner)
                elif _is_container(inner):
                    stack.append((inner, depth + 1))
                else:
                    size += self._light(inner, printed=printed)
        return size

    def _too_deep(self) -> TemplateBoundError:
        return TemplateBoundError(
            f"makes a value that nests lists or mappings more than {self.limits.nesting} deep",
            hint="a prompt needs flatter values",
        )

    def _light(self, value: Any, *, printed: bool) -> int:
        """About how many characters a value is that holds no others."""
        if isinstance(value, str):
            return len(value)
        if isinstance(value, (bool, float)) or value is None:
            return _SHORT
        if isinstance(value, int):
            return _SHORT + value.bit_length() // 3
        if isinstance(value, range):
            return 3 * _SHORT
        if printed:
            refuse_unprintable(value)
        return _SHORT

    def compared(self, value: Any) -> Any:
        """`value`, which is an operand of a comparison."""
        if type(value) is str:
            self.scanned(len(value))
        elif not isinstance(value, (int, float, Undefined)):
            self.scanned(self.weigh(value))
        return value

    def container(self, value: Any) -> Any:
        """`value`, on the right of `in`."""
        if isinstance(value, (dict, VIEWS[0])):
            return value
        if isinstance(value, range):
            self.spend(len(value))
            return value
        return self.compared(value)

    def key(self, value: Any) -> Any:
        """`value`, which becomes the key of a mapping: hashing walks through all of it."""
        if type(value) is not str and isinstance(value, tuple):
            self.weigh(value)
        return value

    def hashed(self, keys: Iterable[Any]) -> None:
        """Whether a mapping or a set may hold `keys`: where hashes are the same, each key is compared with each other.

        Whole numbers, and tuples of them, can be made so; for texts Python takes care of it.
        """
        alike: dict[int, list[Any]] = {}
        for key in keys:
            if type(key) is str or (type(key) is int and -_FIRST_ALIKE < key < _FIRST_ALIKE):
                continue
            others = alike.setdefault(hash(key), [])
            if key not in others:
                others.append(key)
                if len(others) > _MOST_ALIKE:
                    raise TemplateBoundError(
                        f"looks up by more than {_MOST_ALIKE} large numbers that Python cannot tell apart quickly",
                        hint="look up by texts or by smaller numbers",
                    )

    # --- texts

    def text(self, value: Any) -> str:
        """`value` as it is printed. Refuses what is no text, number, truth value, nothing, or list or mapping of these."""
        if type(value) is str:
            return value
        if isinstance(value, (bool, int, float)) or value is None:
            return self.made(str(value))
        if isinstance(value, (str, Undefined)):
            return str(value)
        self.fits(self.weigh(value, printed=True))
        return self.made(str(value))

    def concatenate(self, values: Iterable[Any]) -> str:
        """`a ~ b ~ c`."""
        return self.join("", [self.text(value) for value in values])

    def join(self, separator: str, texts: Collection[str]) -> str:
        """`separator.join(texts)`."""
        self.fits(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
        return self.made(separator.join(texts))

    def concat(self, texts: list[str]) -> str:
        """What a macro, a block with `set` or a recursive loop has written."""
        return self.join("", texts)

    # --- made from others

    def slice(self, value: Any, *bounds: Any) -> Any:
        """`value[start:stop:step]`."""
        made = value[slice(*bounds)]
        if isinstance(made, str):
            return self.made(made)
        if isinstance(made, (list, tuple)):
            self.listed(len(made))
        return made

    def mapping(self, *args: Any, **pairs: Any) -> dict[Any, Any]:
        """`dict(...)`."""
        made: dict[Any, Any] = {}
        for given in args[:1]:
            if isinstance(given, Mapping):
                made.update(given)
            else:
                given_pairs = [(self.key(name), value) for name, value in self.elements(given)]
                self.hashed(name for name, _ in given_pairs)
                made.update(given_pairs)
        if len(args) > 1:
            raise TypeError(f"dict expected at most 1 argument, got {len(args)}")
        made.update(pairs)
        self.listed(len(made))
        return made


def _is_container(value: Any) -> bool:
    return isinstance(value, _CONTAINERS)


def _within(value: Any) -> Iterable[Any]:
    """What a container holds; keys can be tuples, and so count too."""
    return (*value, *value.values()) if isinstance(value, dict) else value


def refuse_unprintable(value: Any) -> NoReturn:
    """Refuse to write `value` into a prompt: its text would be an address in memory, or a mistake."""
    if isinstance(value, Undefined):
        str(value)  # raises, with the name
    if isinstance(value, Method):
        what = f"`{value.name}` is a method"
    else:
        kind = next((said for known, said in _KINDS.items() if type(value) is known), None)
        name = getattr(value, "__name__", "").removeprefix("make_") if callable(value) and kind is None else None
        what = f"`{name}` is a function" if name else f"{kind or 'this value'} is no text"
    raise TemplateRefused(
        f"{what}, and cannot be written into a prompt: is a pair of brackets missing?",
        hint="only texts, numbers, true and false, and lists and mappings of these can be printed",
    )


def _plain(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "more than 10^15"
