"""A worker follows one live stream: pictures in, answers out, and a job at the end."""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from har.errors import HarError
from har.export.result import segment_document
from har.jobs.attempt import public
from har.jobs.live import messages, outcome, rows
from har.jobs.live.channel import Channel
from har.jobs.live.keeper import Keeper, kept
from har.jobs.live.recording import Recording
from har.jobs.record import problem
from har.jobs.retention import work_folder
from har.jobs.tables import Job
from har.live import jpegs
from har.live.slots import Slots

if TYPE_CHECKING:
    from har.jobs.attempt import Bench
    from har.recognition.stream import Answer, Stream

_log = logging.getLogger(__name__)


class Following:
    """One stream that is followed. Its threads: one receives, one decodes, one scores."""

    def __init__(self, job: Job, channel: Channel, bench: Bench, stream: Stream) -> None:
        self._job, self._channel, self._bench, self._stream = job, channel, bench, stream
        self._moments: deque[float] = deque()
        # Not that of the job, in which another thread may be at work while this one tidies up.
        folder = work_folder(bench.settings) / f"{job.id}.live"
        self._recording = Recording(folder, bench.settings.max_upload_mb * 1_000_000)
        self._until = time.monotonic() + bench.settings.live_seconds

    def follow(self, width: int, height: int) -> None:
        """Until its end, whoever brings it about, and then to its job's."""
        labels = self._job.options["labels"]
        told = outcome.outline(self._job.id, labels, self._stream, width, height)
        if not rows.begin(self._bench.records, self._job.id, self._bench.worker, told):
            return
        keeper = Keeper(self._bench.records, self._job.id, self._bench.worker, told["video"])
        with ExitStack() as stack:
            stack.callback(self._recording.remove)
            stack.enter_context(kept(keeper, self._channel.end))
            self._watch(keeper)
            self._recording.close()
            if keeper.write():
                keeper.ending = True
                self._end()

    def _watch(self, keeper: Keeper) -> None:
        model = self._stream.model
        self._tell(type="started", job=self._job.id, fps=model.fps, side=model.fit.least)
        with (
            jpegs.decoding(model.fit, self._bench.settings) as decoder,
            ThreadPoolExecutor(2, thread_name_prefix="live") as pool,
        ):
            decoding = pool.submit(self._decode, decoder, keeper)
            scoring = pool.submit(self._score, keeper)
            try:
                self._receive(decoder)
            finally:
                decoder.end()
            decoding.result()
            scoring.result()

    def _receive(self, decoder: jpegs.Decoder) -> None:
        """Pass on what comes, to the end of the stream."""
        try:
            while time.monotonic() < self._until:
                message = self._message()
                kind = message[:1]
                if kind == messages.STOP:
                    return
                if kind == messages.RECORDING and not self._recording.add(message[1:]):
                    return
                if kind == messages.FRAMES:
                    self._feed(decoder, message)
        except BrokenPipeError:
            # The decoder has given up, and tells why.
            return
        except Exception as error:
            self._tell(type="problem", problem=problem(public(error)))

    def _message(self) -> bytes:
        try:
            return self._channel.receive()
        except (EOFError, OSError):
            # Who sent is gone, which is as good as enough.
            return messages.STOP

    def _feed(self, decoder: jpegs.Decoder, message: bytes) -> None:
        for moment, jpeg in messages.frames_of(message):
            self._moments.append(moment)
            decoder.feed(jpeg)

    def _decode(self, decoder: jpegs.Decoder, keeper: Keeper) -> None:
        slots = Slots(self._stream.model.fps, self._stream.model.frames)
        try:
            for count, picture in enumerate(decoder.pictures(), 1):
                for arrival in slots.fill(self._moments.popleft(), picture):
                    if arrival is None:
                        self._stream.cut()
                    else:
                        self._stream.add(*arrival)
                        keeper.seen(arrival[0] + 1 / self._stream.model.fps)
                self._tell(type="taken", frames=count)
        except HarError as error:
            self._give_up(error)
        finally:
            self._stream.end()

    def _score(self, keeper: Keeper) -> None:
        try:
            for answer in self._stream.answers():
                keeper.found(answer.segment)
                self._tell(type="answer", **_told(answer))
        except Exception as error:
            self._give_up(public(error))

    def _give_up(self, error: HarError) -> None:
        self._tell(type="problem", problem=problem(error))
        self._channel.end()

    def _tell(self, **members: Any) -> None:
        try:
            self._channel.tell(**members)
        except OSError:
            # Who listened is gone; what they sent is scored to its end all the same.
            _log.debug("nobody hears of %s", members["type"])

    def _end(self) -> None:
        """Make the job's result here, where that takes no time, or leave it to whoever has some."""
        if self._recording.path:
            self._bench.storage.put(self._job.id, self._recording.path)
            name, worker = self._recording.path.name, self._bench.worker
            rows.hand_on(self._bench.records, self._job.id, worker, name)
            self._bench.wake(self._job.id)
        else:
            outcome.end_here(self._job.id, self._bench)
        self._tell(type="ended", job=self._job.id)


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "segment": segment_document(answer.segment),
        "latency": round(answer.latency, 4),
        "dropped": answer.dropped,
    }
