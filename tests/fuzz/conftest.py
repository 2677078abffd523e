"""How hypothesis runs here: the same examples each time, however slow the machine.

`make test` tries some, `make test-slow` many, by ``--hypothesis-profile=slow``.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

PROFILES = {"quick": 40, "slow": 200}
"""Examples of each test."""

for name, examples in PROFILES.items():
    settings.register_profile(
        name,
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
if settings.get_current_profile_name() not in PROFILES:
    settings.load_profile("quick")
