"""The command ``live``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from har.models.models_command import add_model

if TYPE_CHECKING:
    from config import Settings
    from har.jobs.live.shown import Shown
    from har.live.session import Session
    from har.live.source import Source
    from har.recognition.stream import Stream
    from har.serve import Page


def add_live(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``live``."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="the number of a camera, a video file, or a stream: rtsp://, http:// or https://; "
        "- reads it from standard input, which keeps a password off the command line",
    )
    parser.add_argument("--serve", action="store_true", help="show it on the page as well")
    add_model(parser)


def run_live(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a line for each segment of a live source, until it ends or Ctrl-C."""
    from har.live.source import source_of

    source = source_of(_named(arguments.source))
    if not arguments.serve:
        _follow(source, arguments.model, settings, None)
        return 0

    from har.serve import page

    # So that what was seen is kept then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with page(settings) as web:
        if web is None:
            return 2
        _follow(source, arguments.model, settings, web)
        _say("The stream has ended. The page is there until Ctrl-C.")
        web.process.wait()
    return 0


def _named(source: str) -> str:
    return sys.stdin.readline().strip() if source == "-" else source


def _follow(source: Source, name: str, settings: Settings, web: Page | None) -> None:
    """Follow a source to its end, and show it where there is a web."""
    from har.live.session import Session
    from har.recognition.recognizer import Recognizer
    from har.recognition.stream import Stream
    from har.types import Options

    recognizer = Recognizer.load(settings, model=name)
    recognizer.warm_up()
    model = recognizer.model
    stream = Stream(recognizer, Options())
    with ExitStack() as stack:
        shown = None
        if web:
            from har.jobs.live.shown import shown as showing

            shown = stack.enter_context(showing(recognizer, stream, settings, _lost))
            _say(f"The stream is on {web.address}?job={shown.id} from its first picture on.")
        shows = shown.shows if shown else None
        try:
            _watch(Session(source, model.fps, model.fit, settings, _say, shows), stream, shown)
        except BrokenPipeError:
            # Whoever read the lines has gone; what is still in the buffer would fail at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            if stream.dropped:
                _say(f"{stream.dropped} clips were skipped, since others had come meanwhile.")


def _watch(session: Session, stream: Stream, shown: Shown | None) -> None:
    """Feed the stream from here, where Ctrl-C arrives, and write its segments from a thread."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="recognise") as pool:
        writing = pool.submit(_write, stream, shown)
        try:
            with closing(session.pictures()) as arrivals:
                for arrival in arrivals:
                    if arrival is None:
                        stream.cut()
                    else:
                        if shown:
                            shown.seen(arrival[0])
                        stream.add(*arrival)
                    if writing.done():
                        break
        finally:
            stream.end()
        writing.result()


def _write(stream: Stream, shown: Shown | None) -> None:
    from har.live import lines

    line = lines.for_people if sys.stdout.isatty() else lines.for_programs
    for answer in stream.answers():
        if shown:
            shown.found(answer.segment)
        print(line(answer), flush=True)


def _lost() -> None:
    _say("The stream's job was removed: it is no longer on the page.")


def _say(sentence: str) -> None:
    print(f"har: {sentence}", file=sys.stderr, flush=True)
