"""The broker in the file system: every message arrives, once and whole."""

from __future__ import annotations

import multiprocessing
import time

from config import Settings
from har.jobs.queue import RECOGNISE, make_celery

MESSAGES = 1500


def _send(settings: Settings) -> None:
    celery = make_celery(settings)
    for number in range(MESSAGES):
        celery.send_task(RECOGNISE, [str(number)])


def test_no_message_is_lost_while_readers_look(settings: Settings) -> None:
    """kombu's own transport loses a few in a hundred here, to readers that come too early."""
    sender = multiprocessing.get_context("spawn").Process(target=_send, args=(settings,))
    celery = make_celery(settings)
    celery.conf.broker_transport_options["polling_interval"] = 0.0005
    arrived: list[str] = []

    def on_task(body: list[list[str]], message: object) -> None:
        arrived.extend(body[0])
        message.ack()  # type: ignore[attr-defined]

    with celery.connection_for_read() as connection, connection.channel() as channel:
        consumer = celery.amqp.TaskConsumer(channel, callbacks=[on_task])
        with consumer:
            sender.start()
            deadline = time.monotonic() + 60
            while len(arrived) < MESSAGES and time.monotonic() < deadline:
                try:
                    connection.drain_events(timeout=0.2)
                except TimeoutError:
                    continue
    sender.join(30)
    assert list(map(int, arrived)) == list(range(MESSAGES))
    assert list((settings.data_dir / "queue").glob("*.msg*")) == []
