"""What holds for every test.

Generated input is the same in each run, so the suite is as green tomorrow as today; `make explore` tries new input. Nothing
is judged by the time that one example takes: on a busy machine that is anything.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
settings.register_profile("explore", settings.get_profile("tests"), derandomize=False, print_blob=True)
settings.load_profile("tests")
