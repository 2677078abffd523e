"""What our processes log: one JSON object per line, or lines for people on a terminal.

All of it goes through the standard library's loggers, so that what Celery, gunicorn and SQLAlchemy
log comes out the same way. Lines inside ``job()`` carry the job's id. A thread that is started
there does so too if it runs in a copy of the context: ``Thread(target=copy_context().run,
args=(work,))``, ``pool.submit(copy_context().run, work)``.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor


def configure(process: str) -> None:
    """Send what this process and its forks log to standard error.

    ``har`` is heard from INFO on and everybody else from WARNING on. Exceptions that nobody caught
    and Python's warnings are logged, too.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(process))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("har").setLevel(logging.INFO)
    # Celery's way to run processes, which keeps its lines from the root.
    processes = logging.getLogger("multiprocessing")
    processes.handlers, processes.propagate = [handler], False
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


@contextmanager
def job(id: str) -> Iterator[None]:
    """Have every line inside carry the job's id."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(job=id):
        yield


def begin_request() -> None:
    """Forget what the thread's last request was about."""
    from structlog.contextvars import clear_contextvars

    clear_contextvars()


def bind_job(id: str) -> None:
    """Have every line carry the job's id, from now to the end of the request."""
    from structlog.contextvars import bind_contextvars

    bind_contextvars(job=id)


def _formatter(process: str) -> logging.Formatter:
    from structlog import contextvars, dev, processors, stdlib

    def add_process(_: object, __: str, event: EventDict) -> EventDict:
        return {**event, "process": process}

    facts: list[Processor] = [
        processors.TimeStamper(fmt="iso", utc=True),
        stdlib.add_log_level,
        stdlib.add_logger_name,
        stdlib.ExtraAdder(),
        add_process,
        contextvars.merge_contextvars,
    ]
    # A text of others is shown as repr does, lest it tells the terminal what to do.
    for_people = dev.ConsoleRenderer(
        repr_native_str=True, exception_formatter=dev.plain_traceback, sort_keys=False
    )
    for_programs: list[Processor] = [processors.format_exc_info, processors.JSONRenderer()]
    return stdlib.ProcessorFormatter(
        foreign_pre_chain=facts,
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            *([for_people] if sys.stderr.isatty() else for_programs),
        ],
    )


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    exc_info = (kind, error, traceback)
    logging.getLogger(__name__).critical("nobody caught an exception", exc_info=exc_info)


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    # A thread may end by SystemExit, as Python's own hook has it.
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        _uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
