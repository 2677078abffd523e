"""How gunicorn runs the web, whether ``python -m har serve`` starts it or ``gunicorn app:app``."""

from config import load

_settings = load()

bind = f"{_settings.host}:{_settings.port}"
# One process: threads wait for jobs or for slow clients, and the work is the worker's.
worker_class = "gthread"
threads = _settings.web_threads
# Only a process that hangs as a whole is late for this; a slow upload is not.
timeout = 120
# The worker is quicker to end its job, so that who waits for it is still answered.
graceful_timeout = 5
control_socket_disable = True
