"""Where accepted examples can be read again, so that the loop need not keep them."""

from __future__ import annotations

from typing import Protocol

from datarecipe.generate.events import Accepted


class AcceptedLog(Protocol):
    """All that a run has accepted so far, in the order of acceptance; kept by the driver.

    The driver has put what `Generation.receive` gave there before it calls the generation again.
    """

    def read(self, position: int) -> Accepted:
        """The example number `position`, from 0 on, as it was accepted.

        Each is asked for at most once, some never. Positions rise for long stretches, from which they step back: a file is
        read from front to back some times, and not at random. What is raised here ends the generation: it comes out of
        its methods.
        """
        ...
