"""``python -m har live``, as a person or a program meets it."""

from __future__ import annotations

import io
import json
import re
import signal
from pathlib import Path

import psutil
import pytest

from har.cli import main
from tests.children import running
from tests.live import broadcast
from tests.live.watching import lines, live
from tests.serving import eventually


def test_file_gives_a_line_for_each_segment(
    samples: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in ("HAR_DATA_DIR", "HAR_CLIP_MODEL", "HAR_CHECKPOINT"):
        monkeypatch.setenv(name, environment[name])
    assert main(["live", str(samples / "real/exercise_1080p.mp4")]) == 0
    out, err = capfd.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    keys = {"start", "end", "label", "confidence", "top3", "source", "latency_ms"}
    assert all(set(line) == keys for line in found)
    assert [(line["start"], line["end"]) for line in found] == [(0.0, pytest.approx(2.56))]
    assert all(len(line["top3"]) == 3 for line in found)
    assert "cut" not in err


def test_link_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ftp://viewer:hidden@camera.test/\n"))
    assert main(["live", "-"]) == 2
    err = capsys.readouterr().err
    assert "rtsp://" in err
    assert "hidden" not in err


@pytest.mark.slow
def test_stream_that_is_cut_comes_back_and_ends_by_ctrl_c(
    samples: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        broadcast.http(samples / "real/gymnastics.mp4") as channel,
        live(channel.url, tmp_path, environment) as process,
    ):
        eventually(lambda: len(lines(tmp_path)) >= 2, "segments")
        before = len(lines(tmp_path))
        channel.cut()
        eventually(lambda: b"is back" in (tmp_path / "err").read_bytes(), "the stream")
        # One may come of what was before the cut.
        eventually(lambda: len(lines(tmp_path)) >= before + 2, "segments after the cut")
        children = psutil.Process(process.pid).children(recursive=True)
        assert running(children, "ffmpeg")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        eventually(lambda: not [c for c in children if c.is_running()], "the children's end", 20)
    starts = [line["start"] for line in lines(tmp_path)]
    assert starts == sorted(starts)  # type: ignore[type-var]
    said = (tmp_path / "err").read_text().splitlines()
    assert said[:2] == [
        "har: The stream was cut; connecting again in 1 s.",
        "har: The stream is back.",
    ]
    assert said[-1] == "har: stopped"
    assert not re.search("Traceback|Error", "".join(said))
