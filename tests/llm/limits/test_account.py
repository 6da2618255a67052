"""A cap holds whatever comes back, and what was not used is used."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.amount import NOTHING, Amount, Caps, Reservation, most, used
from datarecipe.errors import CapReachedError
from datarecipe.exchange import Complete, Content, Draw, Usage
from datarecipe.llm.limits.account import Account
from datarecipe.llm.providers.prices import Price

PRICE = Price(Decimal("0.0000015"), Decimal("0.000006"))


def amount(calls: int = 1, prompt: int = 0, completion: int = 0, usd: str = "0") -> Amount:
    return Amount(calls, prompt, completion, Decimal(usd))


amounts = st.builds(
    Amount,
    st.just(1),
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.decimals(0, 3, places=6, allow_nan=False, allow_infinity=False),
)


@given(
    usd=st.none() | st.decimals(0, 20, places=4),
    tokens=st.none() | st.integers(1, 30_000),
    calls=st.none() | st.integers(1, 20),
    asks=st.lists(st.tuples(amounts, st.floats(0, 1), st.integers(0, 4)), max_size=60),
)
def test_no_order_of_reserving_and_settling_exceeds_a_cap(
    usd: Decimal | None, tokens: int | None, calls: int | None, asks: list[tuple[Amount, float, int]]
) -> None:
    caps = Caps(usd, tokens, calls)
    account, under_way = Account(caps), list[tuple[Reservation, Amount]]()
    for most_of_it, share, settled in asks:
        try:
            if account.fits(most_of_it):
                part = Amount(
                    1,
                    int(most_of_it.prompt_tokens * share),
                    int(most_of_it.completion_tokens * share),
                    most_of_it.usd * Decimal(share),
                )
                under_way.append((account.reserve(most_of_it), part))
        except CapReachedError:
            assert not under_way, "something was under way that could have left room"
        for _ in range(min(settled, len(under_way))):
            account.settle(*under_way.pop(0))
        assert caps.exceeded_by(account.spent + account.reserved) is None
    for reservation, part in under_way:
        account.settle(reservation, part)
    assert account.reserved == NOTHING
    assert caps.exceeded_by(account.spent) is None


@given(
    usd=st.none() | st.decimals(0, 20, places=4),
    tokens=st.none() | st.integers(1, 30_000),
    calls=st.none() | st.integers(1, 20),
    each=amounts,
    used=amounts,
)
def test_room_for_so_many_is_what_so_many_fit_into(
    usd: Decimal | None, tokens: int | None, calls: int | None, each: Amount, used: Amount
) -> None:
    account = Account(Caps(usd, tokens, calls), spent=used)
    room = account.room_for(each)
    if math.isinf(room):
        assert calls is None
        assert tokens is None or not each.tokens
        assert usd is None or not each.usd
        return
    for count, fits in ((math.floor(room - 1e-6), True), (math.floor(room + 1e-6) + 1, False)):
        if count > 0 and account.caps.exceeded_by(used) is None:
            together = Amount(count, each.prompt_tokens * count, each.completion_tokens * count, each.usd * count)
            assert (account.caps.exceeded_by(used + together) is None) is fits


def test_near_the_cap_what_is_under_way_is_awaited() -> None:
    account = Account(Caps(usd=Decimal(1)))
    first = account.reserve(amount(usd="0.8"))
    assert not account.fits(amount(usd="0.4")), "not now, and perhaps later"
    account.settle(first, amount(usd="0.5"))
    assert account.fits(amount(usd="0.4"))
    with pytest.raises(CapReachedError, match=r"`limits.usd` is reached: \$0.5000 of \$1 are spent, .* \$0.6000"):
        account.fits(amount(usd="0.6"))


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (Caps(tokens=10), "`limits.tokens` is reached: 8 of 10 are used, and the next request may take 5"),
        (Caps(calls=1), "`limits.calls` is reached: 1 of 1 are made"),
        (Caps(calls=0), "`limits.calls` is reached: 1 of 0 are made, earlier runs counted"),
    ],
)
def test_the_cap_that_is_reached_is_named(caps: Caps, words: str) -> None:
    account = Account(caps, spent=amount(prompt=4, completion=4))
    with pytest.raises(CapReachedError) as caught:
        account.fits(amount(prompt=2, completion=3))
    assert caught.value.message == words


def test_accounts_under_one_share_its_cap() -> None:
    above = Account(Caps(calls=3), name="--max-")
    one, two = Account(Caps(), above=(above,)), Account(Caps(calls=1), above=(above,))
    heard: list[str] = []
    one.listen(lambda: heard.append("one"))
    held = [one.reserve(amount()), one.reserve(amount()), two.reserve(amount())]
    assert not one.fits(amount())
    two.settle(held[2], amount())
    assert heard == ["one"], "what another one has settled may be its room"
    for reservation in held[:2]:
        one.settle(reservation, amount())
    with pytest.raises(CapReachedError, match="--max-calls"):
        one.fits(amount())
    with pytest.raises(CapReachedError, match="--max-calls"):
        two.fits(amount())


@given(st.text(max_size=200), st.text(max_size=200), st.integers(1, 5000))
def test_nothing_that_is_sent_has_more_tokens_than_are_reserved(system: str, user: str, max_tokens: int) -> None:
    content = Content("openai/x", (("system", system), ("user", user)), {"max_tokens": max_tokens}, None, None)
    reserved = most(Complete(content, Draw(0, "fixed:0", 0)), PRICE)
    # A byte-level tokeniser makes at most a token of each byte; a message costs up to four more, a reply three.
    tokens = len(system.encode("utf-8", "replace")) + len(user.encode("utf-8", "replace")) + 2 * 4 + 3
    assert reserved.prompt_tokens >= tokens
    assert reserved.completion_tokens == max_tokens
    assert reserved.usd == PRICE.cost(reserved.prompt_tokens, max_tokens)
    assert used(Usage(tokens, max_tokens), PRICE).usd <= reserved.usd
