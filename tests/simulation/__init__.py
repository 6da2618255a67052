"""Whole lives of a dataset on a virtual clock, through faults, caps, kills, Ctrl-C and restarts, with all promises checked.

In the manner of FoundationDB and TigerBeetle: a trial is decided by its number alone, so one that fails fails again.
Simulated are the provider and the time. The loop, the dispatcher, gate and account, the cache and the files are the
product's own, and a kill is the end of a real process.

    python -m tests.simulation --seeds 10000
    python -m tests.simulation --seed 4711      one trial, told step by step

    plan.py      what a trial is, drawn from its number
    provider.py  the provider: answers, faults, what it charges, and what it remembers over the client's deaths
    life.py      one process from its start to its end or death
    trial.py     a dataset's lives, and the checks
    planted.py   defects that the checks must find
"""
