"""The API answers as its OpenAPI document says, whatever is asked of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import strategies
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData
from schemathesis.schemas import BaseSchema

from config import Settings
from har.jobs import keys
from har.jobs.queue import Queue
from har.web import create_app
from tests.web.worker import at_work
from tests.web_alone import web_alone

SETTINGS = {"require_key": True, "rate_limit": "1000/second", "max_queued_jobs": 1000}
Answers = Counter[tuple[str, int]]

schemathesis.openapi.media_type("application/offset+octet-stream", strategies.binary(max_size=99))


def config(key: str, examples: int, **checks: Any) -> SchemathesisConfig:
    """All checks and all phases, the same each time."""
    # That no worker is there, or no room, is no fault of the web.
    checks["not_a_server_error"] = {"expected-statuses": ["2xx", "3xx", "4xx", "503"]}
    refused = {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]}
    checks |= {"negative_data_rejection": refused, "missing_required_header": refused}
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "auth": {"openapi": {"key": {"bearer": key}}},
            "checks": checks,
        }
    )


_UNFORESEEN = {
    "bad_labels",  # what may stand between commas
    "key_reused",
    "not_a_socket",  # a handshake
    "requested_range_not_satisfiable",
    "too_long",  # every third video
    "two_sources",  # the schema says so, but what makes the requests overlooks it
}


def beyond_schemas(failure: Failure, case: Case, response: Response) -> bool:
    """Whether a request was right or wrong in a way that no schema can say."""
    if isinstance(failure, AcceptedNegativeData):
        # An empty field is as good as none, and proxies add headers of their own.
        empty = isinstance(case.body, dict) and "" in case.body.values()
        empty = empty or not response.request.body
        return empty or "x-schemathesis-unknown-property" in (case.headers or {})
    if isinstance(failure, EnsureResourceAvailability):
        # Of a job that was just created, nothing can be corrected yet, or taken away.
        told: str = response.json()["detail"]
        return told.startswith(("This job is", "Nobody has corrected", "There is no such copy"))
    if not isinstance(failure, RejectedPositiveData):
        return False
    problem = response.json()
    beyond = (
        "cursor must be",
        "start and end must",
        "There is no segment",
        "last must not be",
        "Upload-Metadata must",
        "Give model for one",  # as with two_sources
        "model must be one that was asked",
    )
    return problem["code"] in _UNFORESEEN or problem["detail"].startswith(beyond)


def run(schema: BaseSchema) -> Answers:
    """How often each operation answered with each status; nothing may have failed."""

    @schema.hooks.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        return not beyond_schemas(failure, case, response)

    answers: Answers = Counter()
    failures = []
    for event in from_schema(schema).execute():
        assert not isinstance(event, (events.NonFatalError, events.FatalError)), event
        if isinstance(event, events.ScenarioFinished):
            done = event.recorder
            for id, node in done.cases.items():
                answers[node.value.operation.label, done.interactions[id].response.status_code] += 1
            checks = [check for each in done.checks.values() for check in each]
            failures += [c.failure_info for c in checks if c.status == Status.FAILURE]
    assert not failures, "\n\n".join(f"{f.failure}\n{f.code_sample}" for f in failures)
    return answers


def at_once(application: WSGIApplication) -> WSGIApplication:
    """Schemathesis closes no response of a WSGI application; here it need not."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with closing(application(environ, start)) as pieces:
            return [*pieces]

    return answer


@pytest.fixture
def queue(settings: Settings, make_video: Callable[..., Path]) -> Iterator[Queue]:
    """The jobs of the settings' folder, with a worker that is at them."""
    source = ("-f", "lavfi", "-i", "testsrc2=d=4:s=64x48:r=10", "-pix_fmt", "yuv420p")
    video = make_video("fuzzed.mp4", *source).read_bytes()
    with closing(Queue(settings)) as queue, at_work(queue, settings.data_dir.parent, video):
        yield queue


@pytest.mark.parametrize("examples", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_the_application_answers_as_documented(
    queue: Queue, settings: Settings, examples: int
) -> None:
    app = create_app(dataclasses.replace(settings, **SETTINGS))
    app.wsgi_app = at_once(app.wsgi_app)
    key = keys.add(queue.records.engine, "fuzz", None)
    # This check asks once more by a way that is for gunicorn alone.
    chosen = config(key, examples, ignored_auth={"enabled": False})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=chosen)
    answers = run(schema)
    assert answers.total() > 30 * examples
    for operation in schema.get_all_operations():
        label = operation.ok().label
        # Two seconds of the video are not likely to be guessed.
        if not label.endswith("/cut"):
            assert any(answers[label, status] for status in (200, 202, 204)), label


@pytest.mark.slow
@pytest.mark.service
def test_gunicorn_answers_as_documented(queue: Queue, settings: Settings, tmp_path: Path) -> None:
    key = keys.add(queue.records.engine, "fuzz", None)
    with web_alone(tmp_path, **SETTINGS) as (url, errors):
        schema = schemathesis.openapi.from_url(
            f"{url}/openapi.json", config=config(key, 3), wait_for_schema=30
        )
        answers = run(schema)
    assert answers.total() > 100
    assert "Traceback" not in errors.read_text()
