"""Where a worker takes live streams, beside whatever job it is at."""

from __future__ import annotations

import logging
import threading
from multiprocessing.connection import Connection
from typing import Any

from har import logs
from har.jobs.attempt import Bench, public
from har.jobs.live import rows
from har.jobs.live.channel import Channel, Listener
from har.jobs.live.following import Following
from har.jobs.record import problem
from har.recognition.stream import Stream
from har.recognition.turns import Turns
from har.types import Options

_log = logging.getLogger(__name__)


def start(bench: Bench) -> None:
    """Take streams in threads of their own until the process ends; none where none are wanted."""
    if not bench.settings.live_streams:
        return
    try:
        listener = Listener(bench.settings.live_host)
    except OSError as error:
        _log.warning("no live streams are taken: cannot listen: %s", error)
        return
    rows.offer(bench.records, bench.worker, listener.place)
    taking = _Taking(bench, listener)
    threading.Thread(target=taking.work, daemon=True).start()


class _Taking:
    def __init__(self, bench: Bench, listener: Listener) -> None:
        self._bench, self._listener = bench, listener
        self._places = threading.BoundedSemaphore(bench.settings.live_streams)
        self._turns = Turns()

    def work(self) -> None:
        while True:
            connection = self._listener.accept()
            threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection: Connection) -> None:
        channel = self._listener.admitted(connection)
        if channel is None:
            return
        try:
            has_place = self._places.acquire(blocking=False)
            try:
                channel.tell(place=has_place)
                if has_place:
                    self._take(channel, channel.heard())
            finally:
                if has_place:
                    self._places.release()
        except (OSError, EOFError):
            # Whoever asked has gone elsewhere.
            _log.debug("nobody came")
        finally:
            channel.close()

    def _take(self, channel: Channel, asked: dict[str, Any]) -> None:
        id, records = asked["job"], self._bench.records
        job = records.begin(id, self._bench.worker)
        if job is None:
            return
        with logs.job(id):
            try:
                stream = self._stream(job.chosen_options())
            except Exception as error:
                channel.tell(type="refused", problem=problem(public(error)))
                records.remove(id)
                return
            _log.info("live")
            try:
                Following(job, channel, self._bench, stream).follow(**asked["size"])
            except Exception as error:
                # The job is silent from now on, so that somebody else ends it.
                channel.tell(type="problem", problem=problem(public(error)))
            _log.info("live no more")

    def _stream(self, options: Options) -> Stream:
        """Raises what Recognizers.get() does, and BadOption for a stride longer than a clip."""
        [name] = options.models or ("",)
        return Stream(self._bench.recognizers.get(name), options, self._turns)
