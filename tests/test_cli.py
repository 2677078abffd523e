"""The command line, as a person at a terminal meets it: in processes of its own where those are
the point, and else in ours, since each would load PyTorch."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

import config
from har import cli
from har.media.probe import probe
from tests import checkpoints
from tests.sentences import seed


def har(*arguments: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "har", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=config.ROOT,
        env=environment(data),
        timeout=300,
    )


@dataclass(frozen=True)
class Said:
    """What a command leaves."""

    returncode: int
    stdout: str
    stderr: str


Here = Callable[..., Said]


@pytest.fixture
def here(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    """Runs a command in this process: ``here("keys", "list")``."""
    monkeypatch.setenv("HAR_DATA_DIR", str(data))
    monkeypatch.setenv("HAR_CLIP_MODEL", "off")
    monkeypatch.chdir(config.ROOT)

    def run(*arguments: str | Path) -> Said:
        try:
            code = cli.main(list(map(str, arguments)))
        except SystemExit as left:
            code = int(left.code or 0)
        return Said(code, *capsys.readouterr())

    return run


def environment(data: Path) -> dict[str, str]:
    """Of a command of which what it says is not the point."""
    small = str(checkpoints.small())
    own = {"HAR_DATA_DIR": str(data), "HAR_CLIP_MODEL": "off", "HAR_CHECKPOINT": small}
    return {**os.environ, **own}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seed(tmp_path_factory.mktemp("var"))


def test_predict_prints_json_and_leaves_the_annotated_video(
    samples: Path, data: Path, tmp_path: Path
) -> None:
    out, copy = tmp_path / "out", tmp_path / "result.json"
    done = har("predict", samples / "real/gymnastics.mp4", "--out", out, "--json", copy, data=data)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result == json.loads(copy.read_text())
    assert result["video"]["origin"] == "file"
    assert {"fetch", "probe", "decode", "backbone", "annotate", "total"} <= set(result["timings"])
    assert result["annotated_url"] == str(out / "annotated.mp4")
    annotated = probe(out / "annotated.mp4", config.Settings())
    assert annotated.duration == pytest.approx(result["video"]["duration"], abs=0.05)
    assert [p.name for p in out.iterdir()] == ["annotated.mp4"]


def test_options_reach_the_recognizer(here: Here, samples: Path, tmp_path: Path) -> None:
    done = here(
        "predict", samples / "real/gymnastics.mp4", "--labels", "playing basketball,cooking",
        "--threshold", "1", "--stride", "32", "--no-annotate", "--out", tmp_path,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert {segment["label"] for segment in result["segment_predictions"]} == {"PlayingBasketball"}
    assert len(result["segment_predictions"]) == 4
    assert result["annotated_url"] is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predict", "no-such-file.mp4"], "no-such-file.mp4"),
        (["predict", "README.md"], "not a video"),
        (["predict", "README.md", "--labels", "a,,b"], "label"),
        (["predict", "README.md", "--stride", "99"], "stride"),
        (["predict", "README.md", "--threshold", "2"], "threshold"),
        (["predict", "README.md", "--model", "nix"], "r3d_18"),
        (["models", "--fetch", "nix"], "har models"),
        (["predict", "ftp://example.org/a.mp4"], "http"),
        (["predict", "http://127.0.0.1:9/a.mp4"], "not allowed"),
        (["predict"], "SOURCE"),
        (["no-such-command"], "no-such-command"),
        (["evaluate", "--manifest", "no.csv", "--root", "."], "manifest"),
    ],
)
def test_bad_input_is_one_clear_line(
    here: Here, arguments: list[str], said: str, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path)] if arguments[0] == "predict" and len(arguments) > 1 else []
    done = here(*arguments, *out)
    assert done.returncode == 2
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert said in last
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_bad_input_ends_the_process_with_2(data: Path) -> None:
    done = har("predict", "no-such-file.mp4", data=data)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "no-such-file.mp4" in done.stderr


def test_bad_setting_is_one_clear_line(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "har", "labels"],
        capture_output=True,
        text=True,
        cwd=config.ROOT,
        env={**environment(data), "HAR_PORT": "five"},
    )
    assert done.returncode == 2
    assert "HAR_PORT" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_labels(here: Here) -> None:
    lines = here("labels").stdout.splitlines()
    assert len(lines) > 480
    assert "Archery: Archery (archery, shoot_bow, bow and arrow, " in "\n".join(lines)


def test_labels_are_searched_by_any_name(here: Here) -> None:
    done = here("labels", "push up")
    assert "PushUps: Push-ups (" in done.stdout
    assert len(done.stdout.splitlines()) < 20
    done = here("labels", "juggling three kittens")
    assert done.returncode == 2
    assert "No action is called 'juggling three kittens'" in done.stderr


def test_keys_are_made_listed_and_removed(here: Here) -> None:
    made = here("keys", "add", "alice", "--rate", "10/minute")
    assert re.fullmatch(r"har_[\w-]{43}\n", made.stdout), "nothing else, for scripts"
    assert "not shown again" in made.stderr
    [line] = here("keys", "list").stdout.splitlines()
    assert re.fullmatch(r"alice\t10/minute\t\d{4}-\d\d-\d\d", line)
    again = here("keys", "add", "alice")
    assert (again.returncode, again.stdout, len(again.stderr.splitlines())) == (2, "", 1)
    assert "already" in again.stderr
    assert here("keys", "remove", "alice").returncode == 0
    assert here("keys", "list").stdout == ""


def test_help_imports_nothing_heavy(data: Path) -> None:
    script = (
        "import sys; from har.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=config.ROOT
    )
    assert "predict" in done.stdout
    heavy = {"torch", "timm", "transformers", "celery", "flask", "sqlalchemy", "yt_dlp", "av"}
    assert not heavy & set(eval(done.stdout.splitlines()[-1]))


def test_progress_is_seen_on_a_terminal(samples: Path, data: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "-m", "har", "predict", str(samples / "odd/h264_10bits.mp4"),
         "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=theirs, cwd=config.ROOT, env=environment(data),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:  # how a terminal ends
        pass
    assert process.wait() == 0
    assert b"recognise" in shown
    assert b"annotate" in shown


def has_child(process: psutil.Process, name: str) -> bool:
    """Whether a process has a child of that name; children may end while they are looked at."""
    try:
        return any(name in child.name() for child in process.children(recursive=True))
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_stops_cleanly(
    data: Path, tmp_path: Path, samples: Path, make_video: Callable[..., Path]
) -> None:
    """In the middle of the annotated video: no child, no half file, one line."""
    once = str(samples / "real" / "gymnastics.mp4")
    long = make_video("five-minutes.mp4", "-stream_loop", "29", "-i", once, "-c", "copy", "-an")
    process = subprocess.Popen(
        [sys.executable, "-m", "har", "predict", str(long), "--out", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=config.ROOT, env=environment(data), start_new_session=True,
    )  # fmt: skip
    try:
        me = psutil.Process(process.pid)
        deadline = time.monotonic() + 120
        while not has_child(me, "ffmpeg"):
            assert time.monotonic() < deadline
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.strip().splitlines()[-1] == "har: stopped"
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    left = [p for p in psutil.process_iter(["cmdline"]) if str(long) in str(p.info["cmdline"])]
    assert not left
