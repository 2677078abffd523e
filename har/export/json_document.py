"""The result itself, for programs."""

from __future__ import annotations

import json

from har.export.view import MEMBERS, Result, View

_SECRETS = {"id", "video_url", "annotated_url"}
"""Who has the address of a job may remove it, and exports are passed on."""


def write(result: Result, view: View) -> str:
    """The result as JSON, without the job's address.

    Both the timeline and the clips are filtered, whichever of them the view wants.
    """
    kept = {name: value for name, value in result.items() if name not in _SECRETS}
    for member in MEMBERS.values():
        kept[member] = [one for one in result[member] if view.holds(one)]
    return json.dumps(kept, indent=2) + "\n"
