"""What the user is told of an error; attempts at work are in tests/test_lifecycle.py."""

from __future__ import annotations

import logging

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from har.errors import DecoderCrashed, HarError, InternalError, Interrupted, TooLong
from har.jobs.attempt import public


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [(TooLong("Cut it."), "too_long", 413), (SoftTimeLimitExceeded(), "timeout", 504)],
)
def test_errors_that_were_foreseen(error: Exception, code: str, status: int) -> None:
    shown = public(error)
    assert (shown.code, shown.status, shown.passing) == (code, status, False)
    assert shown.detail.endswith(".")


def test_an_unforeseen_error_goes_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        shown = public(ValueError("/secret/path"))
    assert (shown.code, shown.status) == ("internal", 500)
    assert "secret" not in shown.detail
    assert "/secret/path" in caplog.text
    caplog.clear()


def test_only_what_may_pass_is_tried_again() -> None:
    def kinds(kind: type[HarError]) -> set[type[HarError]]:
        return {kind}.union(*(kinds(below) for below in kind.__subclasses__()))

    passing = {kind for kind in kinds(HarError) if kind.passing}
    assert passing == {DecoderCrashed, InternalError}
    assert not Interrupted.passing, "the record counts those by itself"
