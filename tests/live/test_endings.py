"""``python -m har live``, ended from outside."""

from __future__ import annotations

import os
import pty
import re
import signal
from pathlib import Path

import psutil
import pytest

from tests.children import running
from tests.live.watching import live
from tests.serving import eventually


def test_terminated_it_leaves_no_process(
    samples: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """And at a terminal, people get lines that they can read."""
    ours, theirs = pty.openpty()
    shown = b""
    source = samples / "real/gymnastics.mp4"
    with live(source, tmp_path, environment, output=theirs) as process:
        os.close(theirs)
        while shown.count(b"\n") < 2:
            shown += os.read(ours, 4096)
        children = psutil.Process(process.pid).children(recursive=True)
        assert running(children, "ffmpeg")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
        eventually(lambda: not [c for c in children if c.is_running()], "the children's end", 20)
    os.close(ours)
    first = shown.decode().splitlines()[0]
    assert re.search(r"0\.0-\d\.\d s .*\[\x1b\[32m[\w -]+ \d+%\x1b\[0m", first)


@pytest.mark.slow
def test_reader_who_leaves_ends_it(
    samples: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    ours, theirs = os.pipe()
    with live(samples / "real/gymnastics.mp4", tmp_path, environment, output=theirs) as process:
        os.close(theirs)
        assert os.read(ours, 4096).startswith(b'{"start": ')
        os.close(ours)
        assert process.wait(60) == 0
    assert "Traceback" not in (tmp_path / "err").read_text()
