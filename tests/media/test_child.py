"""Children: their output, their errors, and that none outlives its block."""

from __future__ import annotations

import sys
import time

import psutil
import pytest

from har.media import child

PYTHON = sys.executable


def test_output_is_returned() -> None:
    assert child.run([PYTHON, "-c", "print('hello')"], timeout=20) == b"hello\n"


def test_failure_carries_code_and_last_words() -> None:
    script = "import sys; sys.stderr.write('x' * 100_000 + 'why'); sys.exit(3)"
    with pytest.raises(child.ChildFailed) as failure:
        child.run([PYTHON, "-c", script], timeout=20)
    assert failure.value.returncode == 3
    assert failure.value.stderr.endswith("why")
    assert len(failure.value.stderr) == child.STDERR_LIMIT


def test_late_child_is_killed_with_its_children() -> None:
    script = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(child.ChildTimeout):
        child.run([PYTHON, "-c", script], timeout=1)
    assert time.monotonic() - began < 20
    assert not psutil.Process().children(recursive=True)
    assert not [p for p in psutil.process_iter(["cmdline"]) if "time.sleep(600)" in _line(p)]


def _line(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or [])


def test_leaving_the_block_kills_the_child() -> None:
    with child.start([PYTHON, "-c", "import time; time.sleep(600)"]) as running:
        pid = running.process.pid
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_environment_of_ours_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    out = child.run([PYTHON, "-c", "import os; print(sorted(os.environ))"], timeout=20)
    assert b"SECRET_TOKEN" not in out


def test_memory_limit_holds() -> None:
    with pytest.raises(child.ChildFailed, match="MemoryError"):
        child.run([PYTHON, "-c", "b'x' * (3 << 30)"], timeout=20, memory=1 << 30)


def test_file_size_limit_holds(tmp_path: object) -> None:
    script = f"open('{tmp_path}/big', 'wb').write(b'x' * 100_000)"
    with pytest.raises(child.ChildFailed, match="File too large"):
        child.run([PYTHON, "-c", script], timeout=20, file_size=10_000)
