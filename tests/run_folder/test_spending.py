"""What was spent is known after a kill at any moment, and never less than was charged."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.amount import NOTHING, Amount, Caps
from datarecipe.errors import StorageError
from datarecipe.llm.limits.account import Account
from datarecipe.llm.providers.prices import Price
from datarecipe.run_folder.layout import SPENDING
from datarecipe.run_folder.write.spending import Spending

MOST = Amount(1, 100, 200, Decimal("0.0100"))
USED = Amount(1, 40, 20, Decimal("0.0012"))


def account(spending: Spending) -> Account:
    return Account(Caps(), spent=spending.before, on_reserved=spending.reserved, on_settled=spending.settled)


def before(folder: Path, identity: str = "a") -> Amount:
    with Spending(folder, identity) as spending:
        return spending.before


def test_nothing_is_written_before_something_is_spent(tmp_path: Path) -> None:
    assert before(tmp_path) == NOTHING
    assert list(tmp_path.iterdir()) == []


def test_it_adds_up_over_runs(tmp_path: Path) -> None:
    for runs in range(1, 4):
        with Spending(tmp_path, "a") as spending:
            one = account(spending)
            for _ in range(5):
                one.settle(one.reserve(MOST), USED)
        assert before(tmp_path) == one.spent == sum([USED] * 5 * runs, NOTHING)
    assert len((tmp_path / SPENDING).read_text().splitlines()) == 1 + 2 * 5, "earlier runs are one sum"


def test_what_was_under_way_at_a_kill_counts_at_its_most(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        one.reserve(MOST)
        one.settle(one.reserve(MOST), USED)
        one.reserve(MOST)
    assert before(tmp_path) == MOST + MOST + USED


def test_another_dataset_begins_at_nothing(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        account(spending).reserve(MOST)
    assert before(tmp_path, "b") == NOTHING
    assert before(tmp_path, "a") == MOST
    with Spending(tmp_path, "b") as spending:
        account(spending).reserve(USED)
    assert before(tmp_path, "b") == USED


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.booleans(), st.decimals(0, 1, places=7)), max_size=12),
    st.floats(0, 1),
)
def test_a_file_cut_at_any_byte_never_says_less_than_its_whole_lines(
    steps: list[tuple[bool, Decimal]], share: float
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Spending(folder, "a") as spending:
            one = account(spending)
            for settle, usd in steps:
                reservation = one.reserve(MOST)
                if settle:
                    one.settle(reservation, Amount(1, 1, 1, min(usd, MOST.usd)))
        file = folder / SPENDING
        if not file.exists():
            return
        whole = file.read_bytes()
        cut = whole.index(b"\n") + 1 + int(share * (len(whole) - whole.index(b"\n") - 1))
        file.write_bytes(whole[:cut])
        lines = [line for line in whole[:cut].split(b"\n")[1:-1] if line]
        sent = sum(b"reserved" in line for line in lines)
        known = before(folder)
        assert known.calls == sent
        settled = sum(b"settled" in line for line in lines)
        assert known.usd >= (sent - settled) * MOST.usd


def head(*models: str) -> str:
    """The first line of a file, with the sums of `models` as JSON."""
    return f'{{"spending": 2, "identity": "a", "models": [{", ".join(models)}], "others": {{}}}}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense\n",
        "[]\n",
        '{"spending": 2, "identity": "a"}\n',
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "-5"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "NaN"}'),
        head('{"model": "m", "calls": -1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": true, "completion_tokens": 1, "usd": "1"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": 1}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "9e999999"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1E-999999"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "0E-999999"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1' + "0" * 4300 + '"}'),
        head('{"model": "m", "calls": 1, "prompt_tokens": 1' + "0" * 16 + ', "completion_tokens": 1, "usd": "1"}'),
        head('{"model": "m", "calls": 1' + "0" * 4299 + ', "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}'),
        head('{"model": "m", "calls": 1' + "0" * 4300 + ', "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}'),
        head("[]"),
        head('{"calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}'),
        '{"spending": 2, "identity": "a", "models": {}, "others": {}}\n',
        '{"spending": 2, "identity": "a", "models": [], "others": {"b": 7}}\n',
        head() + "x\nx\n",
        head() + '{"settled": 7, "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}\n{}\n',
        head() + '{"reserved": 1, "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}\n{}\n',
        head()
        + 2 * '{"reserved": 1, "model": "m", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}\n',
        '{"spending": 1, "identity": "a", "calls": 1, "prompt_tokens": 1, "completion_tokens": 1, "usd": "1"}\n',
        "[" * 900 + "\n",
        '{"a": "' + "x" * 5000 + '"}\n',
    ],
)
def test_a_file_that_is_not_ours_is_an_error_that_names_the_line(tmp_path: Path, text: str) -> None:
    (tmp_path / SPENDING).write_text(text)
    with pytest.raises(StorageError, match=rf"{SPENDING}:\d: .*not known"):
        before(tmp_path)


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    (tmp_path / SPENDING).symlink_to(tmp_path / "other")
    with pytest.raises(StorageError):
        before(tmp_path)
    (tmp_path / SPENDING).unlink()
    (tmp_path / (SPENDING + ".partial")).symlink_to(tmp_path / "other")
    with Spending(tmp_path, "a") as spending:
        account(spending).reserve(MOST)
    assert (tmp_path / "other").read_text() == ""


def test_what_cannot_be_counted_is_not_sent(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with Spending(folder, "a") as spending:
        one = account(spending)
        folder.rmdir()
        with pytest.raises(StorageError):
            one.reserve(MOST)
        assert one.reserved == NOTHING


@contextmanager
def full_disk(path: Path, more: int) -> Iterator[None]:
    """Files cannot grow beyond what `path` has and `more` bytes: the last write is cut short, and says so in its result."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_an_attempt_that_a_full_disk_takes_half_a_line_of_is_not_made(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        one.settle(one.reserve(MOST), USED)
        with full_disk(spending.path, 30), pytest.raises(StorageError):
            one.reserve(MOST)
        assert one.under_way == 0
    assert before(tmp_path) == USED


def test_what_a_full_disk_takes_half_a_line_of_does_not_spoil_the_file(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        first, second = one.reserve(MOST), one.reserve(MOST)
        with full_disk(spending.path, 30):
            one.settle(first, USED)
        one.settle(second, USED)
        with pytest.raises(StorageError):
            one.reserve(MOST)
    assert before(tmp_path) == MOST + MOST, "at its most what could not be written down"


def test_an_answer_is_not_lost_with_its_line_and_nothing_more_is_sent(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        reservation = one.reserve(MOST)
        assert spending._file is not None
        write = os.dup(spending._file)
        os.close(spending._file)  # what a disk that went away looks like
        one.settle(reservation, USED)
        with pytest.raises(StorageError):
            one.reserve(MOST)
        os.dup2(write, spending._file)
        os.close(write)
    assert before(tmp_path) == MOST, "it counts at its most"


PRICE = Price(Decimal("0.001"), Decimal("0.002"))


def test_what_was_used_without_a_price_gets_one_when_it_is_known(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        one.settle(one.reserve(Amount(1, 100, 200), model="m", priced=False), Amount(1, 40, 20))
        one.reserve(Amount(1, 100, 200), model="m", priced=False)
        one.settle(one.reserve(MOST, model="other"), USED)
        assert {whose: amount.calls for whose, amount in spending.by_model.items()} == {
            ("m", False): 1,
            ("other", True): 1,
        }
    assert before(tmp_path) == Amount(3, 180, 240, USED.usd), "in tokens it counts at once"
    with Spending(tmp_path, "a", {"other": PRICE}) as spending:
        assert spending.before.usd == USED.usd, "another model's price is none of its own"
    with Spending(tmp_path, "a", {"m": PRICE}) as spending:
        assert spending.before.usd == USED.usd + PRICE.cost(140, 220)
        one = account(spending)
        one.settle(one.reserve(MOST, model="m"), USED)
    assert before(tmp_path).usd == USED.usd + PRICE.cost(140, 220) + USED.usd, "and is kept so"


def test_one_identity_forgets_nothing_while_another_has_the_folder(tmp_path: Path) -> None:
    for identity, times in (("a", 2), ("b", 1), ("c", 3), ("a", 1)):
        with Spending(tmp_path, identity) as spending:
            one = account(spending)
            for _ in range(times):
                one.settle(one.reserve(MOST), USED)
    assert [before(tmp_path, identity).calls for identity in "abc"] == [3, 1, 3]


def test_what_nobody_told_is_summed_apart_over_all_runs(tmp_path: Path) -> None:
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        one.settle(one.reserve(MOST), USED)
        one.settle(one.reserve(MOST), MOST)
        assert spending.assumed == MOST
        one.reserve(MOST)
    with Spending(tmp_path, "a") as spending:
        assert spending.assumed == MOST + MOST, "what was under way when its process died, too"
        account(spending).settle(account(spending).reserve(MOST), USED)
    with Spending(tmp_path, "a") as spending:
        assert spending.before == USED + MOST + MOST + USED
        assert spending.assumed == MOST + MOST
        assert spending.by_model == {("", True): spending.before}


def test_a_long_name_of_a_model_can_be_read_again(tmp_path: Path) -> None:
    name = "снег/" + "x" * 900
    with Spending(tmp_path, "a") as spending:
        one = account(spending)
        one.settle(one.reserve(MOST, model=name), USED)
    assert before(tmp_path) == USED
