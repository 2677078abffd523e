"""What belongs together in the API, as the tags of its document."""

from __future__ import annotations

_SENDING = {f"jobs.{name}" for name in ("predict", "create", "index", "show", "events", "cancel")}
_SENDING.add("live.stream")

GROUPS = {
    "Videos and jobs": "A video that is sent makes a job. Its id is a secret: who has it may read, "
    "watch and remove the job.",
    "Resumable uploads": "A large file in parts: what was sent before a line broke need not be "
    "sent again.",
    "Results": "What there is once a job is done.",
    "Asking again": "Other labels for the same video, and corrections by people.",
    "The service": "For its page, for whoever runs it, and for programs that want to know it.",
}
"""Names and descriptions, in their order."""

_OTHERS = {
    "uploads": "Resumable uploads",
    "asking": "Asking again",
    "health": "The service",
    "metrics": "The service",
    "models": "The service",
    "openapi": "The service",
}
"""Blueprints whose endpoints are no results."""


def group(endpoint: str) -> str:
    """The name of an endpoint's group."""
    if endpoint in _SENDING:
        return "Videos and jobs"
    return _OTHERS.get(endpoint.partition(".")[0], "Results")
