"""The broker in the file system: every message arrives, once and whole."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from config import ROOT, Settings
from har.jobs.queue import RECOGNISE, make_celery, send
from tests.small_disk import filled, small_disk

MESSAGES = 1500


SENDER = """
import sys
from pathlib import Path
from config import Settings
from har.jobs.queue import RECOGNISE, make_celery

celery = make_celery(Settings(data_dir=Path(sys.argv[1])))
for number in range(int(sys.argv[2])):
    celery.send_task(RECOGNISE, [str(number)])
"""


def test_a_message_is_for_one_reader(settings: Settings) -> None:
    celery = make_celery(settings)
    with ExitStack() as stack:
        queues = []
        for _ in range(4):
            connection = stack.enter_context(celery.connection_for_read())
            queues.append(stack.enter_context(connection.SimpleQueue("celery")))
        for number in range(200):
            celery.send_task(RECOGNISE, [str(number)])

        def read(queue: Any) -> list[str]:
            found = []
            with suppress(queue.Empty):
                while True:
                    message = queue.get(timeout=1)
                    message.ack()
                    found += message.payload[0]
            return found

        with ThreadPoolExecutor(4) as pool:
            arrived = [id for ids in pool.map(read, queues) for id in ids]
    assert sorted(map(int, arrived)) == list(range(200))


def test_no_message_is_lost_while_readers_look(settings: Settings) -> None:
    """kombu's own transport loses a few in a hundred here, to readers that come too early."""
    sender = [sys.executable, "-c", SENDER, str(settings.data_dir), str(MESSAGES)]
    celery = make_celery(settings)
    celery.conf.broker_transport_options["polling_interval"] = 0.0005
    arrived: list[str] = []

    def on_task(body: list[list[str]], message: object) -> None:
        arrived.extend(body[0])
        message.ack()  # type: ignore[attr-defined]

    with celery.connection_for_read() as connection, connection.channel() as channel:
        consumer = celery.amqp.TaskConsumer(channel, callbacks=[on_task])
        with consumer, subprocess.Popen(sender, cwd=ROOT):
            deadline = time.monotonic() + 60
            while len(arrived) < MESSAGES and time.monotonic() < deadline:
                try:
                    connection.drain_events(timeout=0.2)
                except TimeoutError:
                    continue
    assert list(map(int, arrived)) == list(range(MESSAGES))
    assert list((settings.data_dir / "queue").glob("*.msg*")) == []


def test_a_message_that_does_not_fit_leaves_nothing(tmp_path: Path, settings: Settings) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        celery = make_celery(dataclasses.replace(settings, data_dir=disk))
        send(celery, "first")
        with filled(disk):
            send(celery, "lost")
        messages = [path for path in (disk / "queue").iterdir() if path.is_file()]
        assert ["first" in path.read_text() for path in messages] == [True]


def test_what_a_full_disk_left_of_old_is_not_read(settings: Settings) -> None:
    control = settings.data_dir / "queue" / "control"
    control.mkdir(parents=True)
    (control / "celery.exchange").write_bytes(b"")
    argv = [sys.executable, "-c", SENDER, str(settings.data_dir), "3"]
    subprocess.run(argv, cwd=ROOT, check=True)
    assert len(list(control.parent.glob("*.msg"))) == 3
