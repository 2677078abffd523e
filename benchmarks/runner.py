"""One of the two ways in a process of its own, which does what it is told on standard input.

``python -m benchmarks.runner ours|straightforward``: the line ``time VIDEO`` recognises a video and
answers with the seconds that took; ``scores VIDEO FILE`` writes the scores of its clips;
``parts VIDEO`` answers with the seconds that each part of our way took, as JSON. Neither way then
profits or suffers from the other's memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ask = Callable[[str], str]
Answer = Callable[[Path], dict[str, float]]
"""Recognises a video, and tells the seconds of each part."""
Scores = Callable[[Path], NDArray[np.float32]]


@contextmanager
def running(way: str) -> Iterator[Ask]:
    """A runner with its models loaded; call it with a line to get its answer."""
    argv = [sys.executable, "-m", "benchmarks.runner", way]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def ask(line: str) -> str:
            questions.write(line + "\n")
            return answers.readline().strip()

        yield ask
        questions.close()


def main(way: str) -> None:
    answer, scores = WAYS[way]()
    for line in sys.stdin:
        command, video, *file = line.split()
        began = time.perf_counter()
        if command == "scores":
            np.save(file[0], scores(Path(video)))
            parts = {}
        else:
            parts = answer(Path(video))
        seconds = time.perf_counter() - began
        print(json.dumps(parts) if command == "parts" else seconds, flush=True)


def ours() -> tuple[Answer, Scores]:
    import config
    from har.export.result import document
    from har.media.probe import probe
    from har.recognition.pipeline import process
    from har.recognition.recognizer import Recognizer
    from har.types import Options

    settings = config.load()
    recognizer = Recognizer.load(settings)
    recognizer.warm_up()

    def to_json(video: Path) -> dict[str, float]:
        """The whole way from the file to the answer, without the annotated video."""
        options = Options(annotate=False)
        with tempfile.TemporaryDirectory() as folder:
            report = process(video, Path(folder), recognizer, options, settings, lambda *_: None)
        json.dumps(document(report, id="benchmark", origin="file"))
        return dict(report.timings)

    return to_json, lambda video: recognizer.clip_scores(probe(video, settings))


def straightforward() -> tuple[Answer, Scores]:
    import config
    from benchmarks.straightforward import Straightforward
    from har.models import checkpoint

    naive = Straightforward(checkpoint.load(config.load().checkpoint))

    def answer(video: Path) -> dict[str, float]:
        naive.clip_scores(video)
        return {}

    return answer, naive.clip_scores


WAYS = {"ours": ours, "straightforward": straightforward}

if __name__ == "__main__":
    main(sys.argv[1])
