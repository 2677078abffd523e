"""Whoever may give a label has a name that people read, the same in captions and on the page."""

from __future__ import annotations

import re
from typing import get_args

import pytest

import config
from har.captions import caption
from har.types import Action, Source


@pytest.mark.parametrize("source", get_args(Source))
def test_a_source_is_called_the_same_everywhere(source: Source) -> None:
    script = (config.ROOT / "static/js/labels.js").read_text("utf-8")
    [name] = re.findall(rf'^  {source}: "(.+)",$', script, re.MULTILINE)
    assert caption(Action(0, 1, "SitDown", 0.9, source)) == f"Sitting down  90%  {name}"
