"""Turns: one at a time, in the order of asking."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from har.recognition.turns import Turns
from tests.serving import eventually


def test_nobody_is_passed_over() -> None:
    """Not even for who asks again at once."""
    turns, had = Turns(), list[int]()

    def take(name: int) -> None:
        with turns:
            had.append(name)

    with ExitStack() as stack:
        threads = [threading.Thread(target=take, args=(name,)) for name in range(4)]
        with turns:
            for waiting, thread in enumerate(threads, 1):
                thread.start()
                stack.callback(thread.join)
                eventually(lambda due=waiting: turns.waiting == due, "another in line")
            assert had == []
        take(4)
    assert had == [0, 1, 2, 3, 4]


def test_one_at_a_time() -> None:
    turns, at_work = Turns(), list[int]()

    def take(name: int) -> None:
        for _ in range(50):
            with turns:
                at_work.append(name)
                assert at_work == [name]
                at_work.clear()

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(take, range(4)))) == 4


def test_a_turn_ends_by_an_error_too() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns:
                raise ValueError
        except ValueError:
            assert turns.waiting == 0
