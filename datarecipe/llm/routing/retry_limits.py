"""How often and how long a request is tried."""

from __future__ import annotations

TRIES = 6
"""Failed tries that count against a request."""

AT_ONCE = 5
"""How often an attempt may be made again at once: connections that turn out to be closed, and a form of the request that a
server does not take (a seed, the name of `max_tokens`, a system message)."""

FIRST_BACKOFF = 1.0
"""Seconds: the upper bound of the first backoff; it doubles from failure to failure."""

LONGEST_BACKOFF = 60.0
"""Seconds: where the doubling ends. A provider's `Retry-After` may ask for more."""

TOTAL = 600.0
"""Seconds in which a request may begin another attempt, beside the time that one attempt may take."""

TOTAL_BEFORE_A_FALLBACK = 60.0
"""The same where another model can answer instead; no single pause is longer there."""

LOOKS_EVERY = 5.0
"""Seconds after which a request in a pause of its own looks again whether another candidate is usable."""
