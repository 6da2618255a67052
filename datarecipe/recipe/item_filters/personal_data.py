"""`filters.pii`: data that can be traced to a person, of kinds that have a form or a checksum of their own.

Names and addresses have none, so nothing here finds them. What is reserved for examples is nobody's: the domains of
RFC 2606, the addresses of RFC 5737, private networks, and the American numbers 555-0100 to 555-0199.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.message_text import code
from datarecipe.recipe.recipe import Recipe


def _is_someones_address(text: str) -> bool:
    domain = text.rpartition("@")[2].lower()
    return not re.search(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$", domain)


_CARDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6\d{15,18}", re.ASCII
)
"""First digits and lengths of Visa, Mastercard, American Express, Diners Club, JCB, Discover and others."""


def _is_card(text: str) -> bool:
    """By its first digits, its length and Luhn's formula (ISO/IEC 7812-1)."""
    number = re.sub("[ -]", "", text)
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return _CARDS.fullmatch(number) is not None and (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 13616: 97 leaves 1)."""
    plain = text.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    digits = "".join(sign for sign in text if sign.isdigit())
    return 8 <= len(digits) <= 15 and not re.search(r"55501\d\d$", digits)


def _is_public_host(text: str) -> bool:
    first, second, third, fourth = map(int, text.split("."))
    if max(first, second, third, fourth) > 255 or first in (0, 10, 127) or first >= 224:
        return False
    reserved = ((192, 168), (169, 254), *((172, number) for number in range(16, 32)))
    documentation = ((192, 0, 2), (198, 51, 100), (203, 0, 113))
    return (first, second) not in reserved and (first, second, third) not in documentation


@dataclass(frozen=True, slots=True)
class _Kind:
    form: re.Pattern[str]
    """Each repetition is bounded, so a search takes as long as reading the text."""
    is_one: Callable[[str], bool] = lambda _: True


KINDS: Final[Mapping[str, _Kind]] = {
    "email": _Kind(
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"),
        _is_someones_address,
    ),
    "iban": _Kind(re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII), _is_iban),
    "card": _Kind(re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])"), _is_card),
    "ssn": _Kind(re.compile(r"(?<![0-9-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])")),
    "phone": _Kind(
        re.compile(
            r"(?<![0-9+])\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}(?![0-9])"
            r"|(?<![0-9])(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9])"
        ),
        _is_phone,
    ),
    "ip": _Kind(re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])"), _is_public_host),
}
"""By the names that `filters.pii` has for them."""


class PiiFilter:
    def __init__(self, recipe: Recipe) -> None:
        pii = recipe.filters.pii
        self._kinds = pii.kinds if pii else ()
        self._fields = recipe.fields

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - it is as much as to read the text
        """Names the kind and never repeats what was found."""
        for field in self._fields:
            for text in texts_within(example.get(field)):
                kind = next((kind for kind in self._kinds if next(_found(kind, text), None)), None)
                if kind is not None:
                    return f"{code(field)} has {_NAMES[kind]}"
        return None


def masker_of(recipe: Recipe) -> Callable[[str], str]:
    """Puts the name of its kind for each piece of personal data that the recipe looks for, as in `[email]`."""
    kinds = recipe.filters.pii.kinds if recipe.filters.pii else ()

    def masked(text: str) -> str:
        for kind in kinds:
            text = KINDS[kind].form.sub(partial(_name_of, kind), text)
        return text

    return masked


def _name_of(kind: str, match: re.Match[str]) -> str:
    return f"[{kind}]" if KINDS[kind].is_one(match.group()) else match.group()


def _found(kind: str, text: str) -> Iterator[str]:
    matches = KINDS[kind].form.finditer(text)
    return (match.group() for match in matches if KINDS[kind].is_one(match.group()))


_NAMES: Final[Mapping[str, str]] = {
    "email": "an email address",
    "iban": "an account number (IBAN)",
    "card": "a payment card number",
    "ssn": "an American social security number",
    "phone": "a telephone number",
    "ip": "an IP address",
}
