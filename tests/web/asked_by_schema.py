"""Asks a service whatever its OpenAPI document allows, and checks the answers by it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData
from schemathesis.schemas import BaseSchema

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
        detail: str = response.json()["detail"]
        return detail.startswith(("This job is", "Nobody has corrected", "There is no such copy"))
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
