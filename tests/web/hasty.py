"""The web's server with less patience than is good for people, for tests that try it."""

from __future__ import annotations

from har.web.server import Worker


class Hasty(Worker):
    head_seconds = 2.0
    parting_seconds = 2.0
    seconds, rate = 2.0, 20_000.0
