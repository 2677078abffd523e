"""Runs other programs so that none outlives us, hangs us, or fills our memory.

Every child is the leader of its own process group, has no standard input, an environment of its
own, limits on files and memory, and is killed with all its children when its time is up or when
we leave the ``with`` block for whatever reason.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from har.errors import DecoderCrashed

STDERR_LIMIT = 64 * 1024
"""Bytes of a child's standard error that are kept."""

_MEMORY = 4 << 30
_OPEN_FILES = 256


class ChildFailed(Exception):
    """A child ended with an error; ``stderr`` has its last words."""

    def __init__(self, program: str, returncode: int, stderr: str) -> None:
        super().__init__(f"{program} ended with {returncode}: {stderr[-2000:]}")
        self.returncode = returncode
        self.stderr = stderr


class ChildTimeout(Exception):
    """A child was killed because its time was up."""


@dataclass(frozen=True)
class Child:
    """A running child: read its output from ``stdout``."""

    program: str
    process: subprocess.Popen[bytes]
    stdout: IO[bytes]
    _stderr: IO[bytes]

    def stderr(self) -> str:
        """The last bytes of its standard error so far."""
        self._stderr.flush()
        size = os.fstat(self._stderr.fileno()).st_size
        start = max(0, size - STDERR_LIMIT)
        return os.pread(self._stderr.fileno(), STDERR_LIMIT, start).decode(errors="replace")

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end.

        Raises ChildFailed unless it ended with 0, ChildTimeout when late, and DecoderCrashed where
        something but the limit on its files killed it.
        """
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ChildTimeout(self.program) from None
        if code < 0 and -code != signal.SIGXFSZ:
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
    env: Mapping[str, str] | None = None,
    memory: int = _MEMORY,
    file_size: int | None = None,
    cwd: str | None = None,
) -> Iterator[Child]:
    """Start a child; its whole process group is killed when the block is left.

    ``memory`` and ``file_size`` are limits in bytes, on its address space and on each file that it
    writes. ``env`` is all of its environment beside PATH, HOME and the locale.
    """
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [*bound_to_us(signal.SIGKILL), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(env),
            cwd=cwd,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            _limit(process.pid, memory, file_size)
            yield Child(os.path.basename(argv[0]), process, process.stdout, stderr)
        finally:
            _kill_group(process)
            process.stdout.close()


def run(argv: Sequence[str], *, timeout: float, **options: object) -> bytes:
    """Run a child to its end and return its standard output.

    Raises ChildFailed and ChildTimeout. ``timeout`` is in seconds; the options are start()'s.
    """
    with start(argv, **options) as child:  # type: ignore[arg-type]
        try:
            out, _ = child.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ChildTimeout(child.program) from None
        child.wait()
        return out


@lru_cache
def bound_to_us(number: signal.Signals) -> tuple[str, ...]:
    """What to put before a command so that it gets a signal when we die, even by kill -9.

    Nothing where the system has no setpriv: there it is stopped by its next write to us.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", number.name.removeprefix("SIG")) if setpriv else ()


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR") if k in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **(extra or {})}


def _limit(pid: int, memory: int, file_size: int | None) -> None:
    # From outside, since a preexec_fn can deadlock in a program that has threads.
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_NOFILE: _OPEN_FILES}
    if file_size is not None:
        limits[resource.RLIMIT_FSIZE] = file_size
    for kind, limit in limits.items():
        with suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (limit, limit))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
