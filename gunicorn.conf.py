"""How gunicorn runs the web, whether ``python -m har serve`` starts it or ``gunicorn app:app``."""

import signal
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from config import load
from har import logs

_settings = load()


class Lines(Logger):
    """gunicorn's lines go the way of all others. It tells of no requests: the application does."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logs.configure("web")


logger_class = Lines

bind = f"{_settings.host}:{_settings.port}"
# One process: threads wait for jobs or for slow clients, and the work is the worker's.
worker_class = "har.web.server.Worker"
threads = _settings.web_threads
# With 400 that wait for something; each is an open file, of which a process often has 1024.
worker_connections = threads + 400
# Bytes go through the application, which sees how fast they are read.
sendfile = False
# Nobody tells by a header where in a site the service lies.
forwarder_headers = ""
# Only a process that hangs as a whole is late for this; a slow upload is not.
timeout = 120
# The worker is quicker to end its job, so that who waits for it is still answered.
graceful_timeout = 5
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """When told to stop, answer those who wait for a result or for news before anything else."""
    queue = worker.wsgi.extensions["har.queue"]
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: Any) -> None:
        queue.stop()
        before(number, frame)

    signal.signal(signal.SIGTERM, stop)
