"""What a dataset's runs have used, and the caps on it.

What is under way is reserved at its most, so that a cap holds whatever comes back; what was not used is free again once
the answer is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal

from datarecipe.amount import NOTHING, Amount, Caps, Reservation
from datarecipe.errors import CapReachedError


@dataclass(eq=False)
class Account:
    """Used and reserved, under caps. Several accounts may stand over one another: a command's over those of its datasets."""

    caps: Caps
    _: KW_ONLY
    spent: Amount = NOTHING
    """By earlier runs, to begin with."""
    above: Sequence[Account] = ()
    """What is reserved and used here counts in these too."""
    name: str = "limits."
    """Goes before the cap's in messages."""
    on_reserved: Callable[[Reservation], None] = lambda _: None
    """Called before an attempt is made."""
    on_settled: Callable[[Reservation, Amount], None] = lambda _, __: None
    """Called after it."""

    def __post_init__(self) -> None:
        self.reserved = NOTHING
        self.under_way = 0
        """Attempts that are reserved and not settled."""
        self._numbers = 0
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something that was reserved is settled, here or in an account beside this one."""
        for account in self.above or (self,):
            if listener not in account._listeners:
                account._listeners.append(listener)

    def fits(self, amount: Amount) -> bool:
        """Whether there is room for `amount`. Raises `CapReachedError` where nothing under way could leave any."""
        return all(account._fits(amount) for account in self._all)

    def _fits(self, amount: Amount) -> bool:
        cap = self.caps.exceeded_by(self.spent + self.reserved + amount)
        if cap is None:
            return True
        if self.reserved != NOTHING:
            return False
        raise self._reached(cap, amount)

    def room_for(self, amount: Amount) -> float:
        """How many times `amount` fits beside all that is used and reserved."""
        return min(account.caps.room_for(amount, account.spent + account.reserved) for account in self._all)

    def reserve(self, amount: Amount, *, model: str = "", priced: bool = True) -> Reservation:
        """Set `amount` aside for an attempt at `model`; `fits` has said that it may."""
        self._numbers += 1
        reservation = Reservation(self._numbers, amount, model, priced)
        self.on_reserved(reservation)
        self.under_way += 1
        for account in self._all:
            account.reserved += amount
        return reservation

    def hold(self, amount: Amount) -> bool:
        """Keep room for an attempt that is to come, if there is any; nothing is written down, since nothing is sent.

        Without it those behind a request that failed would use up what its next attempt needs, and their answers would
        lie behind a hole.
        """
        room = all(account.caps.exceeded_by(account.spent + account.reserved + amount) is None for account in self._all)
        if room:
            for account in self._all:
                account.reserved += amount
        return room

    def let_go(self, amount: Amount) -> None:
        """The room that was held is used now, or not needed."""
        for account in self._all:
            account.reserved -= amount
        self._tell()

    def settle(self, reservation: Reservation, amount: Amount) -> None:
        """The attempt is over and used `amount`."""
        self.under_way -= 1
        for account in self._all:
            account.reserved -= reservation.amount
            account.spent += amount
        self.on_settled(reservation, amount)
        self._tell()

    def _tell(self) -> None:
        for account in self.above or (self,):
            for listener in account._listeners:
                listener()

    @property
    def _all(self) -> tuple[Account, ...]:
        return (*self.above, self)

    def _reached(self, cap: str, amount: Amount) -> CapReachedError:
        spent, caps = self.spent, self.caps
        at: Decimal | int | None = getattr(caps, cap)
        needed: Decimal | int = getattr(spent + amount, cap)
        match cap:
            case "usd":
                used = f"${spent.usd:.4f} of ${at} are spent"
                more = f", and the next request may cost ${amount.usd:.4f}"
            case "tokens":
                used = f"{spent.tokens:,} of {at:,} are used"
                more = f", and the next request may take {amount.tokens:,}"
            case _:
                used, more = f"{spent.calls:,} of {at:,} are made", ""
        if self.caps.exceeded_by(spent) == cap:
            more = ", earlier runs counted"
        return CapReachedError(
            f"`{self.name}{cap}` is reached: {used}{more}", cap=f"{self.name}{cap}", at=at, needed=needed
        )
