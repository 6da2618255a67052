"""How a run goes: dispatch, interrupts, many recipes at once, and what reads the cache without asking."""
