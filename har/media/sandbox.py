"""Shuts a child up with bubblewrap, where this machine allows it.

The child gets namespaces of its own: no network but its own loopback, no other process in sight,
and of the files only programs and libraries, what it is given to read, and one folder to write in.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from config import ROOT

_LIBRARIES = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/opt/homebrew"),
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/ssl", "/etc/pki"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_PATIENCE = 20.0


def program() -> str | None:
    """The path of bubblewrap, or None where it is not installed."""
    return shutil.which("bwrap")


@lru_cache
def confines(command: str) -> bool:
    """Whether a program runs in here: the kernel may forbid namespaces, and a program may need more
    than it would see.

    A trial that is late or killed tells nothing; then the program is shut up all the same.
    """
    trial = [*_wrapped(command, (), None, None), command, "-h"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=_PATIENCE, cwd="/")
    except subprocess.TimeoutExpired:
        return True
    except OSError:
        return False
    return done.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL)


def confined(
    argv: Sequence[str], reads: Sequence[Path], writes: Path | None, cwd: str
) -> list[str] | None:
    """The command line that runs another one shut up, or None where that cannot be done.

    It dies with whoever starts it, and ends with 128 + n where the other dies of signal n.
    """
    if program() is None or not confines(argv[0]):
        return None
    return [*_wrapped(argv[0], reads, writes, cwd), *argv]


def _wrapped(
    command: str, reads: Sequence[Path], writes: Path | None, cwd: str | None
) -> list[str]:
    devices = [path for path in reads if path.is_char_device()]
    shown: list[str | Path] = [*_LIBRARIES, *places(command), *reads]
    return [
        program() or "bwrap",
        *("--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
        *_binds("--ro-bind-try", shown),
        *_binds("--dev-bind-try", [*_DEVICES, *devices]),
        *(_binds("--bind", [writes]) if writes else ()),
        *(("--chdir", cwd) if cwd else ()),
        *("--remount-ro", "/"),
        "--",
    ]


def places(command: str) -> list[Path]:
    """Where a program lies and what it brings with it."""
    path = Path(command)
    if command == sys.executable:
        homes = dict.fromkeys((sys.prefix, sys.base_prefix, str(path.resolve().parents[1])))
        return [*map(Path, homes), ROOT / "har", ROOT / "config.py"]
    return [path, path.resolve(), path.resolve().parents[1] / "lib"]


def _binds(kind: str, paths: Iterable[str | Path]) -> Iterable[str]:
    for path in paths:
        place = str(Path(path).absolute())
        yield from (kind, place, place)
