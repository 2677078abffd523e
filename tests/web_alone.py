"""Runs gunicorn without a worker beside it, for tests that ask the web alone from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import ROOT


@contextmanager
def web_alone(folder: Path, *argv: str, **settings: object) -> Iterator[tuple[str, Path]]:
    """The web's address, and the file that has its standard error; its data are in ``folder``.

    The settings are HAR_* variables in small letters, the arguments gunicorn's.
    """
    variables = {f"HAR_{name.upper()}": str(value) for name, value in settings.items()}
    errors = folder / "stderr"
    with socket.create_server(("127.0.0.1", 0)) as listener, errors.open("wb") as file:
        bind = ["-b", f"fd://{listener.fileno()}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *bind, *argv, "app:app"],
            cwd=ROOT,
            env={**os.environ, "HAR_DATA_DIR": str(folder / "var"), **variables},
            pass_fds=[listener.fileno()],
            stderr=file,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", errors
        finally:
            process.terminate()
            process.wait(30)
