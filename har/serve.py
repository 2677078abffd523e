"""The whole service: starts the web and a worker, watches over both, and stops both.

The two are processes of their own sessions, so that Ctrl-C in a terminal reaches this process alone
and each of them is told to stop once.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

import config
from har import logs
from har.jobs.record import Records
from har.media.child import bound_to_us

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK = 0.2
_log = logging.getLogger(__name__)
_STOP_SECONDS = 8.0
"""Time that the processes have to stop by themselves, beside the grace of a job."""

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Page:
    """A web that runs."""

    address: str
    process: Process


def serve(settings: config.Settings) -> int:
    """Run the service until Ctrl-C, SIGTERM or SIGHUP; returns the exit code."""
    logs.configure("supervisor")
    listener = _listening(settings)
    if listener is None:
        return 2
    for number in _STOPPING:
        signal.signal(number, signal.default_int_handler)
    processes: dict[str, Process] = {}
    try:
        return _run(settings, listener, processes)
    except KeyboardInterrupt:
        return 0
    finally:
        # A second Ctrl-C must not stop the stopping, which has its own limit.
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)
        _stop(list(processes.values()), settings.grace_seconds + _STOP_SECONDS)
        listener.close()


@contextmanager
def page(settings: config.Settings) -> Iterator[Page | None]:
    """The web without a worker, until the block is left; None, once it is told why, where it cannot
    listen."""
    listener = _listening(settings)
    if listener is None:
        yield None
        return
    with listener:
        web = _start_web(settings, listener.fileno())
        try:
            yield Page(_address(listener), web)
        finally:
            _stop([web], _STOP_SECONDS)


def _listening(settings: config.Settings) -> socket.socket | None:
    """None where that cannot be; then it has told why."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        where = f"{settings.host}, port {settings.port}"
        print(
            f"har: cannot listen on {where}: {error.strerror}. Stop what runs there, or choose "
            "another port with HAR_PORT.",
            file=sys.stderr,
        )
        return None


def _run(settings: config.Settings, listener: socket.socket, processes: dict[str, Process]) -> int:
    records = Records(settings)
    starts: dict[str, Callable[[], Process]] = {
        "web": lambda: _start_web(settings, listener.fileno()),
        "worker": lambda: _start(["har", "worker"], settings),
    }
    known = _ready(records)
    processes |= {name: start() for name, start in starts.items()}
    _say(f"The service is at {_address(listener)} and loads its models now.")
    was_ready, awaited = False, True
    while True:
        time.sleep(_LOOK)
        for name, process in processes.items():
            code = process.poll()
            if code is None:
                continue
            if code > 0 and not was_ready:
                _say(f"The {name} cannot start; the reason is above.")
                return 1
            _say(f"The {name} has stopped; another one is started.")
            processes[name] = starts[name]()
            awaited = awaited or name == "worker"
        if awaited and (new := _ready(records) - known):
            known |= new
            was_ready, awaited = True, False
            _say("The worker is ready: its models are loaded.")


def _ready(records: Records) -> set[str]:
    try:
        return {worker.name for worker in records.workers() if worker.ready}
    except OperationalError:
        # The database is away; the web and the worker say so, and wait for it.
        return set()


def _start_web(settings: config.Settings, listener: int) -> Process:
    conf = config.ROOT / "gunicorn.conf.py"
    argv = ["gunicorn", "-c", str(conf), "-b", f"fd://{listener}", "--log-level", "warning"]
    return _start([*argv, "app:app"], settings, pass_fds=(listener,))


def _start(module: list[str], settings: config.Settings, pass_fds: tuple[int, ...] = ()) -> Process:
    return subprocess.Popen(
        [*bound_to_us(signal.SIGTERM), sys.executable, "-m", *module],
        env=_environment(settings),
        stdin=subprocess.DEVNULL,
        pass_fds=pass_fds,
        start_new_session=True,
    )


def _environment(settings: config.Settings) -> dict[str, str]:
    """This process's environment, with the settings in it and the program's folder on the path."""
    values = {
        config.variable(field.name): str(getattr(settings, field.name))
        for field in dataclasses.fields(settings)
    }
    path = os.pathsep.join(filter(None, [str(config.ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **values, "PYTHONPATH": path}


def _stop(processes: list[Process], seconds: float) -> None:
    """Tell the processes to stop; kill those that have not after a while, with their children."""
    deadline = time.monotonic() + seconds
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _say(line: str) -> None:
    """To people as a sentence, to programs as a line of the log."""
    if sys.stdout.isatty():
        print(f"har: {line}", flush=True)
    else:
        _log.info(line)
