"""The result itself, for programs."""

from __future__ import annotations

import json

from har.export.view import MEMBERS, Result, View, found_by

_SECRETS = {"id", "video_url", "annotated_url"}
"""Who has the address of a job may remove it, and exports are passed on."""


def write(result: Result, view: View) -> str:
    """The result as JSON, without the job's address.

    Both the timeline and the clips are filtered, whichever of them the view wants, and those of
    both models where two were compared, whichever it names. Raises BadOption for a model that was
    not asked.
    """
    found_by(result, view.model)
    kept = {name: value for name, value in result.items() if name not in _SECRETS}
    if compared := result.get("comparison"):
        kept["comparison"] = _filtered(compared, view)
    return json.dumps(_filtered(kept, view), indent=2) + "\n"


def _filtered(found: Result, view: View) -> Result:
    lists = {name: [one for one in found[name] if view.holds(one)] for name in MEMBERS.values()}
    return {**found, **lists}
