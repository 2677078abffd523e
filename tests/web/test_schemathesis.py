"""The API answers as its OpenAPI document says, whatever is asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from config import Settings
from har.jobs import keys
from har.jobs.queue import Queue
from har.web import create_app
from tests.web.worker import at_work
from tests.web_alone import web_alone

SETTINGS = {"require_key": True, "rate_limit": "1000/second", "max_queued_jobs": 1000}


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
    from schemathesis.openapi import from_wsgi  # three seconds

    from tests.web.asked_by_schema import config, run

    app = create_app(dataclasses.replace(settings, **SETTINGS))
    app.wsgi_app = at_once(app.wsgi_app)
    key = keys.add(queue.records.engine, "fuzz", None)
    # This check asks once more by a way that is for gunicorn alone.
    chosen = config(key, examples, ignored_auth={"enabled": False})
    schema = from_wsgi("/openapi.json", app, config=chosen)
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
    from schemathesis.openapi import from_url

    from tests.web.asked_by_schema import config, run

    key = keys.add(queue.records.engine, "fuzz", None)
    with web_alone(tmp_path, **SETTINGS) as (url, errors):
        document = f"{url}/openapi.json"
        schema = from_url(document, config=config(key, 3), wait_for_schema=30)
        answers = run(schema)
    assert answers.total() > 100
    assert "Traceback" not in errors.read_text()
