"""Turns of several threads at one thing that does not get quicker by being shared."""

from __future__ import annotations

import threading


class Turns:
    """A lock that is given in the order in which it was asked for, so that nobody is passed over.

    ``with turns:`` is one turn.
    """

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._asked = 0
        self._served = 0

    @property
    def waiting(self) -> int:
        """How many wait for theirs."""
        with self._news:
            return max(0, self._asked - self._served - 1)

    def __enter__(self) -> None:
        with self._news:
            mine = self._asked
            self._asked += 1
            self._news.wait_for(lambda: self._served == mine)

    def __exit__(self, *_: object) -> None:
        with self._news:
            self._served += 1
            self._news.notify_all()
