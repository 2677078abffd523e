"""What processes log, read from their standard error as whoever collects it does."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from config import ROOT
from tests.serving import eventually
from tests.web_alone import web_alone

BEGIN = "import logging; from har import logs; logs.configure('worker'); "


def python(code: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, cwd=ROOT, timeout=60, **options)


def lines(text: bytes) -> list[dict[str, Any]]:
    """Each line as the object that it must be."""
    return [json.loads(line) for line in text.splitlines()]


def logged(code: str, status: int = 0) -> list[dict[str, Any]]:
    """What a process logs that is set up to and then runs the code."""
    done = python(BEGIN + code, capture_output=True)
    assert (done.returncode, done.stdout) == (status, b""), done.stderr
    return lines(done.stderr)


def test_a_line_says_when_where_and_what() -> None:
    code = "logging.getLogger('har.jobs.worker').info('begun %s', 'ä\\n\\x1b[31m')"
    [line] = logged(code)
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert at.tzinfo == UTC
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert line == {
        "level": "info",
        "logger": "har.jobs.worker",
        "process": "worker",
        "event": "begun ä\n\x1b[31m",
    }


def test_ours_is_told_in_more_detail_than_that_of_others() -> None:
    code = """
for name in ("har.media", "celery.worker", "sqlalchemy.engine"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "")
"""
    assert [(line["logger"], line["level"]) for line in logged(code)] == [
        ("har.media", "info"),
        ("har.media", "warning"),
        ("celery.worker", "warning"),
        ("sqlalchemy.engine", "warning"),
    ]


def test_every_line_inside_a_job_carries_its_id() -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
say = logging.getLogger("har.x").info
say("before")
with logs.job("one"):
    say("inside")
    logging.getLogger("celery").warning("others")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, say, "thread").result()
    with logs.job("two"):
        say("nested")
    say("still inside")
say("after")
"""
    assert [(line["event"], line.get("job")) for line in logged(code)] == [
        ("before", None),
        ("inside", "one"),
        ("others", "one"),
        ("thread", "one"),
        ("nested", "two"),
        ("still inside", "one"),
        ("after", None),
    ]


def test_an_exception_is_text_in_its_line() -> None:
    code = """
try:
    {}["key"]
except KeyError:
    logging.getLogger("har.x").exception("failed")
"""
    [line] = logged(code)
    assert (line["event"], line["level"]) == ("failed", "error")
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("KeyError: 'key'")


def test_what_nobody_caught_is_told_the_same_way() -> None:
    code = """
import sys, threading, warnings
warnings.warn("old")
def fail(): raise ValueError("in a thread")
for target in (fail, sys.exit):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
raise ValueError("at last")
"""
    warning, in_thread, at_last = logged(code, status=1)
    assert warning["logger"] == "py.warnings"
    assert "old" in warning["event"]
    assert in_thread["exception"].endswith("ValueError: in a thread")
    assert at_last["exception"].endswith("ValueError: at last")
    assert {in_thread["level"], at_last["level"]} == {"critical"}


def test_a_forked_child_logs_as_its_parent() -> None:
    code = """
import os
with logs.job("one"):
    if os.fork() == 0:
        logging.getLogger("har.x").info("child")
        os._exit(0)
    os.wait()
    logging.getLogger("har.x").info("parent")
"""
    child, parent = logged(code)
    assert (child["event"], parent["event"]) == ("child", "parent")
    assert [(line["process"], line["job"]) for line in (child, parent)] == [("worker", "one")] * 2


def test_what_runs_celerys_processes_is_heard_once() -> None:
    code = """
from billiard.util import get_logger
get_logger().error("killed")
"""
    [line] = logged(code)
    assert (line["event"], line["process"]) == ("killed", "worker")


def test_a_worker_that_cannot_start_says_why_in_a_line(tmp_path: Path) -> None:
    changes = {"HAR_DATA_DIR": tmp_path, "HAR_CHECKPOINT": tmp_path / "none.safetensors"}
    environment = {**os.environ, **{name: str(path) for name, path in changes.items()}}
    argv = [sys.executable, "-m", "har", "worker"]
    done = subprocess.run(argv, cwd=ROOT, env=environment, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    told = lines(done.stderr)
    [reason] = (line for line in told if line["level"] == "critical")
    assert "none.safetensors" in reason["event"]
    assert reason["logger"] == "har.jobs.worker"
    assert {line["process"] for line in told} == {"worker"}


def test_people_at_a_terminal_read_plain_lines() -> None:
    ours, theirs = pty.openpty()
    code = """
with logs.job("one"):
    logging.getLogger("har.x").info("begun", extra={"path": "/\\x1b[2J"})
"""
    try:
        python(BEGIN + code, stderr=theirs, check=True)
        text = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "begun" in text
    assert "one" in text
    assert not text.startswith("{")
    assert "\x1b[2J" not in text, "a path tells the terminal what to do"


def test_nothing_is_imported_before_it_is_needed() -> None:
    python("import sys, har.logs; sys.exit('structlog' in sys.modules)", check=True)


@pytest.mark.service
def test_the_web_tells_of_each_request(tmp_path: Path) -> None:
    # One thread, so that each request comes where another was.
    with web_alone(tmp_path, web_threads=1) as (url, errors):
        requests.get(f"{url}/healthz", timeout=30)
        requests.get(f"{url}/jobs/unknown", timeout=30)
        form = {"url": "https://example.org/a.mp4"}
        address = requests.post(f"{url}/jobs", data=form, timeout=30).headers["Location"]
        requests.get(f"{url}/nothing", timeout=30)
        eventually(lambda: errors.read_bytes().count(b'"request"') == 3, "all requests", 30)
    told = lines(errors.read_bytes())
    assert {line["process"] for line in told} == {"web"}
    assert "gunicorn.error" in {line["logger"] for line in told}
    show, create, nothing = (line for line in told if line["event"] == "request")
    assert (show["method"], show["path"], show["status"]) == ("GET", "/jobs/unknown", 404)
    assert (create["method"], create["path"], create["status"]) == ("POST", "/jobs", 202)
    assert 0 < show["milliseconds"] < 30_000
    assert show["job"] == "unknown"
    assert create["job"] == address.rpartition("/")[2]
    assert "job" not in nothing


@pytest.mark.service
def test_a_web_that_cannot_start_says_why_and_ends(tmp_path: Path) -> None:
    with web_alone(tmp_path, "--log-level", "warning", rate_limit="often") as (_, errors):
        eventually(lambda: b"failed to boot" in errors.read_bytes(), "the end", 30)
    told = lines(errors.read_bytes())
    reason = next(line for line in told if line["level"] == "critical")
    assert "HAR_RATE_LIMIT" in reason["event"]
    assert not any("exception" in line for line in told)
