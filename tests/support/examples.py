"""Health checks that a test of many examples leaves out: a list of its own replaces that of the profile."""

from __future__ import annotations

from hypothesis import HealthCheck

ONE_FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
"""For a test whose examples share a fixture; how fast examples are made only measures the machine."""
