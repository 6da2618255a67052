"""An item that was rejected -> the content of a request for a better one."""

from __future__ import annotations

from dataclasses import replace

from datarecipe.exchange import Content

LONGEST = 20_000
"""Characters of an item that is sent back; what is longer is not worth another request."""


def repair_content(asked: Content, item: str, reason: str, detail: str) -> Content:
    """The request that shows the author its own item, and says why it was rejected.

    `asked` is what the item's reply answers, `item` the item as it came. The author sees the whole exchange, as in
    self-refinement with feedback (Madaan et al., NeurIPS 2023, arXiv 2303.17651).
    """
    wanted = (
        f"This example was rejected ({reason}): {detail}\n"
        'Correct it and change as little as needed. Reply with {"examples": [...]} that holds the corrected example alone.'
    )
    return replace(asked, messages=(*asked.messages, ("assistant", item), ("user", wanted)))
