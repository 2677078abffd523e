"""Children: their output, their errors, their limits, and that none outlives its block.

Everything here holds with bubblewrap and without it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from config import ROOT
from har.errors import DecoderCrashed, ToolMissing
from har.media import child
from tests.children import children
from tests.serving import eventually

PYTHON = sys.executable
FOR_EVER = "import time; time.sleep(600)"


@pytest.fixture(autouse=True, params=["confined", "limited"])
def kind(request: pytest.FixtureRequest) -> str:
    machine = "bubblewrap" if request.param == "confined" else "without_bubblewrap"
    request.getfixturevalue(machine)
    return str(request.param)


def script(code: str) -> list[str]:
    return [PYTHON, "-c", code]


def test_output_is_returned() -> None:
    assert child.run(script("print('hello')"), timeout=20) == b"hello\n"


def test_failure_carries_code_and_last_words() -> None:
    code = "import sys; sys.stderr.write('x' * 100_000 + 'why'); sys.exit(3)"
    with pytest.raises(child.ChildFailed) as failure:
        child.run(script(code), timeout=20)
    assert failure.value.returncode == 3
    assert failure.value.stderr.endswith("why")
    assert len(failure.value.stderr) == child.STDERR_LIMIT


def test_words_without_end_neither_block_nor_fill_anything() -> None:
    code = "import os\nfor _ in range(2000): os.write(2, b'x' * 65536)\nprint('done')"
    began = psutil.Process().memory_info().rss
    assert child.run(script(code), timeout=60) == b"done\n"
    assert psutil.Process().memory_info().rss - began < 20e6


def test_late_child_is_killed_with_its_children() -> None:
    code = (
        f"import subprocess, sys;subprocess.Popen([sys.executable, '-c', '{FOR_EVER}']);{FOR_EVER}"
    )
    began = time.monotonic()
    with pytest.raises(child.ChildTimeout):
        child.run(script(code), timeout=1)
    assert time.monotonic() - began < 20
    assert not children()
    assert not [p for p in psutil.process_iter(["cmdline"]) if "time.sleep(600)" in _line(p)]


def _line(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or [])


def test_leaving_the_block_kills_the_child() -> None:
    with child.start(script(FOR_EVER)) as running:
        pid = running.process.pid
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_nothing_is_left_open() -> None:
    child.run(script("pass"), timeout=20)
    files, threads = psutil.Process().num_fds(), threading.active_count()
    for _ in range(5):
        child.run(script("pass"), timeout=20)
    assert (psutil.Process().num_fds(), threading.active_count()) == (files, threads)


def test_a_child_dies_with_us(tmp_path: Path) -> None:
    parent = (
        "import sys\nfrom har.media import child\n"
        f"argv = [sys.executable, '-c', 'print(1, flush=True); {FOR_EVER}']\n"
        "with child.start(argv) as running:\n"
        "    running.stdout.readline()\n"
        "    print(running.process.pid, flush=True)\n    input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(script(parent), cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        running = psutil.Process(int(process.stdout.readline()))
        process.kill()
    eventually(lambda: not running.is_running(), "its end", 20)


def test_environment_of_ours_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    # Python and bubblewrap set the other two themselves.
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE', 'PWD'}))"
    assert child.run(script(code), timeout=20) == b"['LC_ALL']\n"


def test_standard_input_is_empty() -> None:
    assert child.run(script("import sys; print(repr(sys.stdin.read()))"), timeout=20) == b"''\n"


def test_memory_limit_holds() -> None:
    with pytest.raises(child.ChildFailed, match="MemoryError"):
        child.run(script("b'x' * (3 << 30)"), timeout=20, memory=1 << 30)


def test_file_size_limit_holds(tmp_path: Path) -> None:
    code = f"open('{tmp_path}/big', 'wb').write(b'x' * 100_000)"
    with pytest.raises(child.ChildFailed, match="File too large"):
        child.run(script(code), timeout=20, writes=tmp_path, file_size=10_000)
    assert (tmp_path / "big").stat().st_size == 10_000


def test_a_folder_may_be_named_from_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    touch = "/usr/bin/touch"
    child.run([touch, "here"], timeout=20, writes=Path("own"))
    assert (tmp_path / "own" / "here").exists()


def test_limits_are_there_from_the_first_instruction_on() -> None:
    kinds = ("AS", "CPU", "FSIZE", "NOFILE", "CORE")
    code = f"import resource as r; print([r.getrlimit(getattr(r, 'RLIMIT_' + k)) for k in {kinds}])"
    out = child.run(script(code), timeout=20, memory=1 << 30, file_size=7, seconds=9)
    limits = [(1 << 30, 1 << 30), (9, 14), (7, 7), (256, 256), (0, 0)]
    assert out.decode().strip() == str(limits)


def test_processor_time_is_limited() -> None:
    with pytest.raises(child.ChildTimeout):
        child.run(script("while True: pass"), timeout=60, seconds=1)


def test_silence_ends_a_child() -> None:
    code = f"print('one', flush=True); {FOR_EVER}"
    with child.start(script(code), patience=1) as running:
        assert running.stdout.readline() == b"one\n"
        with pytest.raises(child.ChildStalled):
            running.stdout.readline()


def test_a_slow_reader_is_no_silence() -> None:
    code = "import os\nfor _ in range(64): os.write(1, b'x' * 65536)"
    with child.start(script(code), patience=5) as running:
        # The pipe is full long before we read: the child waits for us, not we for it.
        eventually(lambda: _sleeps(running), "a full pipe", 20)
        assert len(running.stdout.read()) == 64 * 65536


def _sleeps(running: child.Child) -> bool:
    family = psutil.Process(running.process.pid)
    return any(
        p.status() == psutil.STATUS_SLEEPING and "python" in p.name()
        for p in [family, *family.children(recursive=True)]
    )


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_told_from_a_failure(number: signal.Signals) -> None:
    code = f"import os; os.kill(os.getpid(), {int(number)})"
    with pytest.raises(DecoderCrashed):
        child.run(script(code), timeout=20)


def test_without_a_way_to_set_limits_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="util-linux"), child.start([PYTHON, "-c", "pass"]):
        pass


def test_one_of_our_modules_runs_as_a_child() -> None:
    out = child.run(child.python("har.media.guard"), timeout=20)
    assert out == b""
