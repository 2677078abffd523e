"""The whole way of one video, the same for every caller: fetch, probe, recognise, annotate."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from config import Settings
from har.media.annotate import annotate
from har.media.fetch import fetch
from har.media.probe import probe
from har.recognition import embeddings
from har.recognition.recognizer import Recognizer
from har.recognition.sheets import SheetWriter
from har.types import Found, Options, Probed, Progress, Report, Sampled, VideoFacts, ignore

ANNOTATED = "annotated.mp4"


def process(
    source: Path | str,
    folder: Path,
    recognizer: Recognizer,
    options: Options,
    settings: Settings,
    progress: Progress,
    found: Found = ignore,
    probed: Probed = ignore,
    details: bool = False,
    compared: Recognizer | None = None,
) -> Report:
    """Recognise a local file (a Path) or a link (a str).

    What a link holds, and ``annotated.mp4`` where the options ask for it, are written to
    ``folder``; so are, with ``details``, sheets of the sampled frames and the embeddings by which
    the clips can be scored anew. ``found`` gets each segment as soon as it is scored, ``probed``
    the video before anything is made of it; what it takes is ``convert`` in the timings. What
    ``compared`` finds in the same video is the report's comparison. Raises HarError; all three that
    are called may raise to stop the work.
    """
    # What works in it starts elsewhere.
    folder = folder.absolute()
    began = time.perf_counter()
    for each in filter(None, (recognizer, compared)):
        # What cannot be done by one of them is refused before the other works for minutes.
        each.stride(options.stride)
    if isinstance(source, str):
        source = fetch(source, folder, settings, partial(progress, "fetch"))
    fetched = time.perf_counter()
    progress("probe", 0.0)
    video = probe(source, settings)
    known = time.perf_counter()
    probed(video)
    ready = time.perf_counter()
    recognise = partial(recognizer.recognise, video, options, partial(progress, "recognise"), found)
    report = _detailed(recognise, video, folder, recognizer) if details else recognise()
    recognised = time.perf_counter()
    if compared:
        other = compared.recognise(video, options, partial(progress, "compare"))
        if details:
            embeddings.write(other.embeddings, folder / embeddings.COMPARED)
        report = dataclasses.replace(report, comparison=other)
    judged = time.perf_counter()
    if options.annotate:
        out = folder / ANNOTATED
        annotate(video, report.timeline, out, settings, partial(progress, "annotate"))
    done = time.perf_counter()
    timings = {
        "fetch": fetched - began,
        "probe": known - fetched,
        "convert": ready - known,
        **report.timings,
        **({"compare": judged - recognised} if compared else {}),
        "annotate": done - judged,
        "total": done - began,
    }
    return dataclasses.replace(report, timings={k: round(v, 3) for k, v in timings.items()})


def _detailed(
    recognise: Callable[[Sampled], Report],
    video: VideoFacts,
    folder: Path,
    recognizer: Recognizer,
) -> Report:
    model = recognizer.model
    ratio = model.fit.ratio(video.ratio)
    sheets = SheetWriter(folder, model.fps, model.frames, model.fit.size, ratio)
    report = recognise(sheets.add)
    embeddings.write(report.embeddings, folder / embeddings.FILE)
    return dataclasses.replace(report, frames=sheets.finish())
