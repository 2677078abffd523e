"""What every test of a link that can't be used checks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from config import Settings
from har import errors
from har.media.egress import Rules
from har.media.fetch import fetch
from tests.children import children


def refusal(
    url: str, folder: Path, settings: Settings, rules: Rules | None = None
) -> errors.HarError:
    """The error that answers a link, after checking that it may be shown and that nothing stays."""
    with pytest.raises(errors.HarError) as caught:
        fetch(url, folder, settings, lambda _: None, rules)
    assert list(folder.iterdir()) == []
    assert children() == []
    assert "egress" not in {thread.name for thread in threading.enumerate()}
    detail = caught.value.detail
    assert detail.endswith(".")
    for noise in ("ERROR", "yt-dlp", "generic", "Traceback", "Errno", "{", str(folder)):
        assert noise not in detail
    return caught.value
