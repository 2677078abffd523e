"""What holds for most of a video, and that its times are those of the served timeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tqdm import tqdm

from har.errors import ManifestError
from har.media.probe import probe
from har.recognition import timeline
from har.recognition.recognizer import Recognizer
from har.training import scoring
from har.training.manifest import Row
from har.training.scoring import HeldBack, Scores, Unusable, Video
from har.types import UNKNOWN, Options
from tests.training.conftest import DATA, Mini


def test_what_holds_for_most_of_the_time() -> None:
    assert scoring.longest(["Walk", "Yoga", "Walk"], np.array([1.0, 1.5, 0.6])) == "Walk"
    assert scoring.longest(["Walk", "Yoga", "Walk"], np.array([1.0, 2.5, 0.6])) == "Yoga"
    assert scoring.longest(["Yoga", "Walk"], np.array([1.0, 1.0])) == "Yoga"


def test_below_the_threshold_a_clip_is_unknown() -> None:
    clips = np.array([[0.7, 0.2], [0.1, 0.4], [0.2, 0.5]])
    assert scoring.named(("Walk", "Yoga"), clips, 0.5) == ["Walk", UNKNOWN, "Yoga"]


@pytest.mark.parametrize(
    ("found", "weights"),
    [
        ([False] * 3, [1] * 3),
        ([True] * 3, [1] * 3),
        ([False, True, False, True, False, False], [1, 1, 1, 1, 1, 1]),
        ([True, *[False] * 4], [2, 1, 1, 1, 1]),
    ],
)
def test_videos_as_people_find_them_count_half_as_much_as_all_others(
    found: list[bool], weights: list[float]
) -> None:
    held = HeldBack(
        run="run",
        rows=tuple(
            Row(str(i), "Walk", "s", "g", 0, ("Run",) if accepting else ())
            for i, accepting in enumerate(found)
        ),
        labels=("Walk", "Yoga"),
        learnt=None,
        folds=np.zeros(len(found), int),
        scores=(Scores(np.zeros((1, 2)), np.ones(1)),) * len(found),
        unusable=(),
    )
    assert held.scored.weights.tolist() == pytest.approx(weights)


@pytest.fixture(scope="module")
def recognizer(mini: Mini, mini_run: Path) -> Recognizer:
    return Recognizer.load(mini.settings, mini_run / "final.safetensors")


@pytest.mark.parametrize(
    "file",
    [
        "wild/hitting_baseball_c5a082b7.mp4",
        "wild/yoga_210a976f.mp4",
        "wild/BabyCrawling_d6a97183.avi",
        "sequences/sit_then_stand_972cefaa02.mp4",
    ],
)
def test_the_times_are_those_of_the_served_timeline(
    mini: Mini, recognizer: Recognizer, file: str
) -> None:
    video = Video(Row(file, "Walk", "s", "g", 0), DATA / file)
    [found] = scoring.score(recognizer, [video], mini.settings, None, tqdm(disable=True))
    assert isinstance(found, Scores)
    facts = probe(video.path, mini.settings)
    report = recognizer.recognise(facts, Options(threshold=0.0, annotate=False), lambda _: None)
    owned = timeline.owned(report.segments, facts.start, facts.end)
    expected = [moment.end - moment.start for moment in owned]
    # A sampled frame's time is not a multiple of the period in every video.
    assert found.seconds == pytest.approx(expected, abs=0.1)
    assert found.seconds.sum() == pytest.approx(facts.duration)


def test_a_video_that_cannot_be_opened_is_told_where_names_are_right_for_it(
    mini: Mini, recognizer: Recognizer, tmp_path: Path
) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(b"not a video")
    plain = Row("bad.mp4", "Walk", "s", "g", 0)
    accepting = Row("bad.mp4", "Walk", "s", "g", 0, ("Walk",))
    bar = tqdm(disable=True)
    [found] = scoring.score(recognizer, [Video(accepting, path)], mini.settings, None, bar)
    assert isinstance(found, Unusable)
    assert found.why.startswith("Send a video")
    with pytest.raises(ManifestError, match=r"bad\.mp4 cannot be used: Send a video"):
        scoring.score(recognizer, [Video(plain, path)], mini.settings, None, bar)
