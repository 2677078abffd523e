"""Runs other programs so that none outlives us, hangs us, fills our memory, or sees our files.

Every child is the leader of its own process group, has no standard input unless it is fed, next to
no environment, limits set before it runs, and is killed with all its children when its time is up
or when we leave the ``with`` block for whatever reason. Where the machine allows it is shut up as
well; see sandbox.
"""

from __future__ import annotations

import io
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from config import ROOT
from har.errors import DecoderCrashed, ToolMissing
from har.media import sandbox

STDERR_LIMIT = 64 * 1024
"""Bytes of a child's standard error that are kept."""

MEMORY = 2 << 30
"""Bytes of address space that a child gets unless it is given another limit."""

_OUTPUT_LIMIT = 16 << 20
_OPEN_FILES = 256
_PARTING_SECONDS = 5.0
_PROCESSOR_SECONDS = 24 * 3600.0
_AFTER_SIGNAL = 128
"""What the sandbox adds to the number of a signal that killed the child."""

_OUR_LIMITS = (signal.SIGXFSZ,)


class ChildFailed(Exception):
    """A child ended with an error; ``stderr`` has its last words."""

    def __init__(self, program: str, returncode: int, stderr: str) -> None:
        super().__init__(f"{program} ended with {returncode}: {stderr[-2000:]}")
        self.returncode = returncode
        self.stderr = stderr


class ChildTimeout(Exception):
    """A child took longer than it may, by the clock or in processor time."""


class ChildStalled(Exception):
    """A child gave no sign of progress for longer than it may."""


@dataclass(frozen=True)
class Child:
    """A running child: read its output from ``stdout``."""

    program: str
    process: subprocess.Popen[bytes]
    stdout: io.BufferedReader[Any]
    """Reading raises ChildStalled and ChildTimeout."""
    stdin: IO[bytes] | None
    """Where it is fed. Writing raises BrokenPipeError once it has ended."""
    _words: _LastWords

    def stderr(self) -> str:
        """The last bytes of its standard error; once it has ended, to the end."""
        return self._words.read(wait=self.process.poll() is not None)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end.

        Raises ChildFailed unless it ended with 0, ChildTimeout when late, and DecoderCrashed where
        something but the limit on its files killed it.
        """
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ChildTimeout(self.program) from None
        killer = _signal_of(code)
        if killer == signal.SIGXCPU:
            raise ChildTimeout(self.program)
        if killer and killer not in _OUR_LIMITS:
            raise DecoderCrashed(
                "The program that reads the video crashed on it. Convert it to H.264 in MP4 and "
                "send it again."
            )
        if code != 0:
            raise ChildFailed(self.program, code, self.stderr())


@contextmanager
def start(
    argv: Sequence[str],
    *,
    reads: Sequence[Path] = (),
    writes: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    memory: int = MEMORY,
    file_size: int = 0,
    seconds: float = _PROCESSOR_SECONDS,
    timeout: float | None = None,
    patience: float | None = None,
    pass_fds: Sequence[int] = (),
    fed: bool = False,
) -> Iterator[Child]:
    """Start a child; its whole process group is killed when the block is left.

    ``reads`` are the files and folders that it may read beside programs and libraries, ``writes``
    is the folder that it may write in, where each file may have ``file_size`` bytes. ``memory`` is
    in bytes of address space, ``seconds`` of processor time. It may be silent on its standard
    output for ``patience`` seconds, and speak for ``timeout`` in all. ``env`` is all of its
    environment beside the locale. Raises ToolMissing where the system has no prlimit.
    """
    limits = {"as": memory, "fsize": file_size, "nofile": _OPEN_FILES, "core": 0}
    folder = cwd or _home(argv, writes)
    command = sandbox.confined(argv, reads, writes, folder) or _unprivileged(argv)
    process = subprocess.Popen(
        # First of all, so that there is next to no time in which our death goes unnoticed.
        [*bound_to_us(), *_limited(limits, seconds), *command],
        stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C.UTF-8", **(env or {})},
        cwd=folder,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output = io.BufferedReader(_Output(process.stdout.fileno(), patience, timeout))
    words = _LastWords(process.stderr)
    try:
        yield Child(os.path.basename(argv[0]), process, output, process.stdin, words)
    finally:
        _kill_group(process)
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        words.read(wait=True)
        process.stdout.close()


def run(argv: Sequence[str], *, timeout: float, **options: Any) -> bytes:
    """Run a child to its end and return its standard output.

    Raises what reading from it and waiting for it raise. ``timeout`` is in seconds; the options
    are start()'s.
    """
    deadline = time.monotonic() + timeout
    with start(argv, timeout=timeout, **options) as child:
        out = child.stdout.read(_OUTPUT_LIMIT)
        child.wait(max(0.0, deadline - time.monotonic()))
        return out


def python(module: str, *args: str) -> list[str]:
    """The command line of a Python child that is one of our modules."""
    return [sys.executable, "-m", module, *args]


@lru_cache
def bound_to_us(number: signal.Signals = signal.SIGKILL) -> tuple[str, ...]:
    """What to put before a command so that it gets a signal when we die, even by kill -9.

    Nothing where the system has no setpriv: there it is stopped by its next write to us.
    """
    setpriv = shutil.which("setpriv")
    name = number.name.removeprefix("SIG")
    return (setpriv, "--pdeathsig", name) if setpriv else ()


def _unprivileged(argv: Sequence[str]) -> list[str]:
    """The command line that runs another one with no way to gain rights."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--no-new-privs", *argv] if setpriv else list(argv)


def _home(argv: Sequence[str], writes: Path | None) -> str:
    """The folder that a child starts in: where it finds our modules, or where it works."""
    if argv[0] == sys.executable:
        return str(ROOT)
    return str((writes or Path("/")).absolute())


def _limited(limits: Mapping[str, int], seconds: float) -> list[str]:
    # By a program, since a preexec_fn can deadlock in a program that has threads.
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        raise ToolMissing("The program prlimit is not there: install util-linux.")
    cpu = max(1, round(seconds))
    # The soft limit's signal tells what happened; the hard one kills.
    cpu_limits = f"--cpu={cpu}:{cpu + 5}"
    return [prlimit, *(f"--{kind}={limit}" for kind, limit in limits.items()), cpu_limits, "--"]


def _signal_of(code: int) -> int:
    """The signal that a child died of, or 0."""
    if code < 0:
        return -code
    return code - _AFTER_SIGNAL if _AFTER_SIGNAL < code <= _AFTER_SIGNAL + 31 else 0


class _Output(io.RawIOBase):
    """A pipe that is not waited for longer than it may be."""

    def __init__(self, fd: int, patience: float | None, timeout: float | None) -> None:
        self._fd = fd
        self._patience = patience
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def readinto(self, buffer: Any) -> int:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        waits = [wait for wait in (self._patience, left) if wait is not None]
        if not self._poll.poll(1000 * min(waits) if waits else None):
            raise ChildTimeout if left == min(waits) else ChildStalled
        return os.readv(self._fd, [buffer])


class _LastWords:
    """Reads a child's standard error, so that it never waits for us, and keeps its end."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = b""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        with self._pipe:
            while more := os.read(self._pipe.fileno(), STDERR_LIMIT):
                self._kept = (self._kept + more)[-STDERR_LIMIT:]

    def read(self, *, wait: bool) -> str:
        if wait:
            # It ends with the child, unless something of it escaped and holds the pipe.
            self._thread.join(_PARTING_SECONDS)
        return self._kept.decode(errors="replace")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
