"""What holds requests back: how many may be under way, how many a minute, for how much money, and a provider that is down.

    adaptive_concurrency.py  how many may be under way: fewer after a rate limit, then more again
    circuit_breaker.py       nothing is sent while nothing is answered, but for a probe now and then
    rate_pacer.py            so many a minute
    admission_gate.py        the three together, for one provider: who may send, and who waits
    account.py               what was used and reserved, and the caps on it

All but the gate are plain state: they get the time as an argument, wait for nothing and know no network.
"""
