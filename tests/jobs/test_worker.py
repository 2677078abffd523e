"""What the worker tells of an error; the worker at work is in tests/test_service.py."""

from __future__ import annotations

import logging

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from har.errors import TooLong
from har.jobs.worker import public


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (TooLong("Cut it."), "too_long", 413),
        (SoftTimeLimitExceeded(), "timeout", 504),
        (SystemExit(0), "interrupted", 503),
    ],
)
def test_errors_that_were_foreseen(error: BaseException, code: str, status: int) -> None:
    shown = public(error)
    assert (shown.code, shown.status) == (code, status)
    assert shown.detail.endswith(".")


def test_an_unforeseen_error_goes_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        shown = public(ValueError("/secret/path"))
    assert (shown.code, shown.status) == ("internal", 500)
    assert "secret" not in shown.detail
    assert "/secret/path" in caplog.text
    caplog.clear()
