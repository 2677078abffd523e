"""The command ``live``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from har.models.models_command import add_model

if TYPE_CHECKING:
    from config import Settings
    from har.live.session import Session
    from har.recognition.stream import Stream


def add_live(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``live``."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="the number of a camera, a video file, or a stream: rtsp://, http:// or https://",
    )
    add_model(parser)


def run_live(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a line for each segment of a live source, until it ends or Ctrl-C."""
    from har.live.source import source_of

    source = source_of(arguments.source)

    from har.live.session import Session
    from har.recognition.recognizer import Recognizer
    from har.recognition.stream import Stream
    from har.types import Options

    recognizer = Recognizer.load(settings, model=arguments.model)
    recognizer.warm_up()
    model = recognizer.model
    stream = Stream(recognizer, Options())
    try:
        _watch(Session(source, model.fps, model.fit, settings, _say), stream)
    except BrokenPipeError:
        # Whoever read the lines has gone; what is still in the buffer would fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        if stream.dropped:
            _say(f"{stream.dropped} clips were skipped, since others had come meanwhile.")
    return 0


def _watch(session: Session, stream: Stream) -> None:
    """Feed the stream from here, where Ctrl-C arrives, and write its segments from a thread."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="recognise") as pool:
        writing = pool.submit(_write, stream)
        try:
            with closing(session.pictures()) as arrivals:
                for arrival in arrivals:
                    if arrival:
                        stream.add(*arrival)
                    else:
                        stream.cut()
                    if writing.done():
                        break
        finally:
            stream.end()
        writing.result()


def _write(stream: Stream) -> None:
    from har.live import lines

    line = lines.for_people if sys.stdout.isatty() else lines.for_programs
    for answer in stream.answers():
        print(line(answer), flush=True)


def _say(sentence: str) -> None:
    print(f"har: {sentence}", file=sys.stderr, flush=True)
