"""The way from the web to a worker: who may take it, and what goes over it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from har.jobs.live.channel import LONGEST, Channel, Listener, connect


@contextmanager
def joined(listener: Listener) -> Iterator[tuple[Channel, Channel]]:
    """The web's end and the worker's."""
    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(lambda: listener.admitted(listener.accept()))
        web = connect(listener.place)
        worker = accepted.result()
    assert worker is not None
    try:
        yield web, worker
    finally:
        web.close()
        worker.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with closing(Listener("127.0.0.1")) as listener:
        yield listener


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
def test_messages_go_both_ways(host: str) -> None:
    with closing(Listener(host)) as listener, joined(listener) as (web, worker):
        assert not worker.waits(0)
        web.send(b"\x01bytes")
        web.tell(job="a", size={"width": 2})
        assert worker.receive() == b"\x01bytes"
        assert worker.heard() == {"job": "a", "size": {"width": 2}}
        worker.tell(type="answer")
        assert web.waits(10)
        assert web.heard() == {"type": "answer"}


def test_who_ends_it_ends_it_for_both(listener: Listener) -> None:
    with joined(listener) as (web, worker):
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(worker.receive)
            worker.end()
            with pytest.raises(EOFError):
                waiting.result(10)
        with pytest.raises(EOFError):
            web.receive()


def test_a_message_that_is_too_long_is_not_read_and_holds_up_nobody(listener: Listener) -> None:
    with joined(listener) as (web, worker):
        sending = threading.Thread(target=lambda: _sent(web, bytes(LONGEST + 1)))
        sending.start()
        with pytest.raises(OSError, match="bad message length"):
            worker.receive()
        worker.close()
        sending.join(10)
        assert not sending.is_alive()


def _sent(channel: Channel, message: bytes) -> None:
    try:
        channel.send(message)
    except OSError:
        return


def test_who_does_not_know_the_secret_is_not_admitted(listener: Listener) -> None:
    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(lambda: listener.admitted(listener.accept()))
        with pytest.raises(ConnectionError):
            connect({**listener.place, "secret": "guessed"})
        assert accepted.result() is None


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x05hello"])
def test_who_says_nothing_of_use_is_not_admitted(listener: Listener, said: bytes) -> None:
    """Nor waited for, longer than some seconds."""
    place = listener.place["host"], listener.place["port"]
    with socket.create_connection(place) as stranger:
        stranger.sendall(said)
        assert listener.admitted(listener.accept()) is None


def test_where_nobody_listens() -> None:
    with closing(Listener("127.0.0.1")) as listener:
        place = listener.place
    with pytest.raises(ConnectionError):
        connect(place)
