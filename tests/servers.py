"""A real Redis and a real PostgreSQL on free ports."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.prerequisites import missing
from tests.serving import eventually

_OWNER = "postgres"
"""Who runs PostgreSQL where we are root, as whom it refuses to run."""


@dataclass
class PostgreSQL:
    """A cluster of databases."""

    programs: Path
    folder: Path
    port: int
    _given: int = 0

    def database(self, template: str = "template1") -> str:
        """The address of a new database: an empty one, or a copy of another's content."""
        self._given += 1
        name = f"har{self._given}"
        self._run("createdb", "--template", template.rpartition("/")[2], name)
        return f"postgresql://har@127.0.0.1:{self.port}/{name}"

    def answers(self) -> bool:
        return self._run("pg_isready", check=False) == 0

    def _run(self, program: str, *argv: str, check: bool = True) -> int:
        server = ["-h", str(self.folder), "-p", str(self.port), "-U", "har"]
        command = [str(self.programs / program), *server, *argv]
        return subprocess.run(command, check=check, stdout=subprocess.DEVNULL).returncode


@contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis of its own that keeps nothing on disk."""
    program = shutil.which("redis-server") or missing("these tests need redis-server")
    port = free_port()
    argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/"]
    with _running(argv, Path("/"), port, None):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL of its own."""
    programs = _postgresql_programs()
    user = _OWNER if os.getuid() == 0 else None
    # Not below pytest's own folder, which is closed to others than us.
    with tempfile.TemporaryDirectory(prefix="har-postgresql-") as name:
        if user:
            shutil.chown(name, user)
        folder, port = Path(name), free_port()
        argv = [str(programs / "initdb"), "--no-sync", "--auth=trust", "--username=har"]
        argv += ["--encoding=UTF8", "--locale=C", "data"]
        subprocess.run(argv, check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL)
        argv = [str(programs / "postgres"), "-D", "data", "-p", str(port), "-k", name]
        argv += ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        with _running(argv, folder, port, user):
            cluster = PostgreSQL(programs, folder, port)
            eventually(cluster.answers, "PostgreSQL", 30)
            yield cluster


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _postgresql_programs() -> Path:
    """Debian keeps them by version, out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        missing("these tests need PostgreSQL's server")
    if os.getuid() == 0 and _OWNER not in {entry.pw_name for entry in pwd.getpwall()}:
        missing(f"root needs the user {_OWNER} to run PostgreSQL")
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def _running(argv: Sequence[str], folder: Path, port: int, user: str | None) -> Iterator[None]:
    """A server that listens on a port; what it says is told where it does not."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(argv, cwd=folder, user=user, stdout=log, stderr=log)
        try:

            def listens() -> bool:
                assert server.poll() is None, os.pread(log.fileno(), 4096, 0).decode()
                with socket.socket() as client:
                    return client.connect_ex(("127.0.0.1", port)) == 0

            eventually(listens, argv[0], 30)
            yield
        finally:
            # To PostgreSQL the fast way to stop: SIGTERM waits for its clients.
            server.send_signal(signal.SIGINT)
            server.wait(30)
