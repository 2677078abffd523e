"""The models that a request can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify

from har.jobs.tables import Worker
from har.web.found import all_jobs

models = Blueprint("models", __name__)


@models.get("/models")
def index() -> Response:
    """The models that a video can be scored with."""
    return jsonify(models=_all(all_jobs().records.workers()))


def _all(workers: Sequence[Worker]) -> list[dict[str, Any]]:
    """Those of all workers, in their order; of what workers know in different ways, that of one
    where the weights are here."""
    found: dict[str, dict[str, Any]] = {}
    for told in (model for worker in workers for model in worker.models or []):
        known = found.get(told["name"], told)
        best = told if told["here"] and not known["here"] else known
        found[told["name"]] = {**best, "default": known["default"] or told["default"]}
    return list(found.values())
