"""The recognizer on real and odd videos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.errors import BadOption, CheckpointError
from har.media.frames import frames
from har.media.probe import probe
from har.models import checkpoint
from har.models.joint import Joint
from har.models.labels import VOCABULARY
from har.recognition.clips import pad, windows
from har.recognition.recognizer import Recognizer
from har.types import Options, Report
from tests.models import made

Maker = Callable[..., Path]

ALONE = Options(threshold=0.0)
"""The zero-shot model is not asked."""


def recognised(
    recognizer: Recognizer, path: Path, settings: Settings, options: Options | None = None
) -> Report:
    fractions: list[float] = []
    video = probe(path, settings)
    report = recognizer.recognise(video, options or Options(), fractions.append)
    assert fractions == sorted(fractions)
    of_a_frame = 1 / recognizer.model.fps / video.duration
    assert fractions[-1] == pytest.approx(1.0, abs=max(0.1, of_a_frame))
    return report


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("arm_wrestling.mp4", {"ArmWrestling"}),
        ("old_xvid.avi", {"ApplyEyeMakeup", "FillingEyebrows", "WaxingEyebrows"}),
    ],
)
def test_what_kinetics_knows_is_named_though_nobody_taught_it_here(
    shipped: Recognizer,
    samples: Path,
    make_video: Maker,
    settings: Settings,
    name: str,
    right: set[str],
) -> None:
    real = str(samples / "real" / name)
    report = recognised(shipped, make_video(f"named-{name}", "-i", real, "-t", "5"), settings)
    longest = max(report.timeline, key=lambda action: action.end - action.start)
    assert any(VOCABULARY.are_near(longest.label, label) for label in right)


def test_any_name_is_recognised_where_zero_shot_is_asked(
    shipped: Recognizer, samples: Path, settings: Settings
) -> None:
    labels = ("putting make-up on the eyes", "an elephant on the moon")
    asked = Options(threshold=1.0, labels=labels)
    report = recognised(shipped, samples / "real/old_xvid.avi", settings, asked)
    assert {segment.source for segment in report.segments} == {"semantic"}
    assert {segment.top5[0][0] for segment in report.segments} == {labels[0]}
    assert all(dict(segment.top5)[labels[1]] < 0.01 for segment in report.segments)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("odd/test_non_zero_start.mp4", 8.333, 8.733),
        ("odd/unordered.mov", 0, 0.125),
        ("odd/video_90.mov", 0, 0.1),
        ("odd/h264_10bits.mp4", 0, 1.0),
        ("odd/testsrc2_odd_width_vp9.mp4", 0, 1.0),
        ("odd/av1_video.mkv", 0, 5.0),
        ("odd/corrupted.mp4", 0, 5.0),
        ("real/exercise_1080p.mp4", 0, 2.567),
        ("real/old_xvid.avi", 0, 6.56),
    ],
)
def test_timelines_cover_odd_videos(
    recognizer: Recognizer,
    samples: Path,
    settings: Settings,
    name: str,
    start: float,
    end: float,
) -> None:
    report = recognised(recognizer, samples / name, settings)
    assert report.timeline[0].start == pytest.approx(start, abs=0.001)
    assert report.timeline[-1].end == pytest.approx(end, abs=0.001)
    assert report.segments[0].start == pytest.approx(start, abs=0.001)
    assert end - 0.13 < report.segments[-1].end <= end + 0.001
    seconds = recognizer.model.frames / recognizer.model.fps
    assert all(s.end - s.start <= seconds + 1e-9 for s in report.segments)


@pytest.mark.parametrize("stride", [None, 25])
def test_segments_begin_a_stride_apart(
    recognizer: Recognizer, samples: Path, settings: Settings, stride: int | None
) -> None:
    """The last one ends with the video, which has 83 sampled frames."""
    report = recognised(
        recognizer, samples / "real/old_xvid.avi", settings, Options(threshold=0.0, stride=stride)
    )
    model = recognizer.model
    starts = np.array(windows(83, model.frames, stride or model.stride)) / model.fps
    assert [s.start for s in report.segments] == pytest.approx(starts.tolist())
    assert report.segments[-1].end == pytest.approx(6.56)


@pytest.mark.parametrize("stride", [0, 33])
def test_stride_out_of_range(
    recognizer: Recognizer, samples: Path, settings: Settings, stride: int
) -> None:
    with pytest.raises(BadOption):
        recognised(recognizer, samples / "real/gymnastics.mp4", settings, Options(stride=stride))


def test_streamed_scores_equal_those_of_all_frames_at_once(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    """Batches, sharing and overlap must not change a clip's scores."""
    model = recognizer.model
    video = probe(samples / "real/old_xvid.avi", settings)
    (whole,) = frames(video, model.fps, model.fit, settings, batch=10_000)
    ready = model.per_frame(whole.pixels)
    starts = windows(len(ready), model.frames, model.stride)
    clips = torch.stack([pad(ready[s : s + model.frames], model.frames) for s in starts])
    logits, _ = model.judge(model.per_clip(clips))
    expected = model.probabilities(logits).cpu().numpy()
    assert recognizer.clip_scores(video) == pytest.approx(expected, abs=0.02)


def test_logits_are_made_of_the_evidence(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    model = checkpoint.load(settings.checkpoint)
    video = probe(samples / "real/exercise_1080p.mp4", settings)
    evidence = torch.from_numpy(recognizer.clip_evidence(video))
    assert evidence.shape == (1, made.evidence_length(len(model.learnt)))
    assert model.gate
    with torch.inference_mode():
        logits = Joint(model.learnt, model.gate)(evidence)
    assert recognizer.clip_logits(video) == pytest.approx(logits.numpy(), abs=0.02)


def test_a_still_scene_is_scored_like_any_other(
    recognizer: Recognizer, make_video: Maker, settings: Settings
) -> None:
    """At one frame a second, most sampled frames equal the one before them."""
    slow = make_video(
        "slow.mp4", "-f", "lavfi", "-i", "testsrc2=d=6:r=1:s=128x128", "-c:v", "libx264"
    )
    report = recognised(recognizer, slow, settings)
    model = recognizer.model
    starts = np.array(windows(75, model.frames, model.stride)) / model.fps
    assert [s.start for s in report.segments] == pytest.approx(starts.tolist())
    assert report.timeline[-1].end == pytest.approx(6.0)


def test_result_names_the_models(recognizer: Recognizer, samples: Path, settings: Settings) -> None:
    report = recognised(recognizer, samples / "odd/h264_10bits.mp4", settings)
    assert report.models["trained"] == f"bilstm on i3d ({settings.checkpoint.name})"
    assert "semantic" in report.models["zero_shot"]
    assert "switched off" in report.models["zero_shot"]
    assert {"decode", "backbone", "head", "zero_shot"} >= set(report.timings)


def test_attention_is_told_of_each_clip(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    path = samples / "real/old_xvid.avi"
    report = recognised(recognizer, path, settings, ALONE)
    for segment in report.segments:
        assert len(segment.attention) == 8, "of 32 frames, 4 make a step of I3D"
        assert sum(segment.attention) == pytest.approx(1)
    assert len({segment.attention for segment in report.segments}) > 1


def test_attention_is_the_heads_own(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    model = recognizer.model
    video = probe(samples / "real/exercise_1080p.mp4", settings)
    (whole,) = frames(video, model.fps, model.fit, settings, batch=10_000)
    first = model.per_frame(whole.pixels[: model.frames])
    _, weights = model.judge(model.per_clip(first[None]))
    assert weights is not None
    report = recognised(recognizer, video.path, settings, ALONE)
    assert report.segments[0].attention == pytest.approx(weights[0].tolist(), abs=0.02)


@pytest.mark.parametrize("asked", [None, 0.25])
def test_thresholds_are_those_that_were_used(
    recognizer: Recognizer, samples: Path, settings: Settings, asked: float | None
) -> None:
    path = samples / "odd/h264_10bits.mp4"
    report = recognised(recognizer, path, settings, Options(threshold=asked))
    assert report.thresholds.trained == (asked or recognizer.model.threshold)
    assert report.thresholds.zero_shot == recognizer.zero_shot.now().threshold


def test_all_sampled_frames_are_shown_in_their_order(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    times: list[float] = []
    video = probe(samples / "real/old_xvid.avi", settings)
    recognizer.recognise(
        video, ALONE, lambda _: None, sampled=lambda batch: times.extend(batch.times)
    )
    assert times == pytest.approx(list(video.start + np.arange(83) / recognizer.model.fps))


def test_an_error_where_frames_are_shown_ends_the_work(
    recognizer: Recognizer, samples: Path, settings: Settings
) -> None:
    def full(_: object) -> None:
        raise OSError("No space left on device")

    video = probe(samples / "real/gymnastics.mp4", settings)
    with pytest.raises(OSError, match="No space"):
        recognizer.recognise(video, ALONE, lambda _: None, sampled=full)


def test_missing_checkpoint(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        Recognizer.load(settings, tmp_path / "none.safetensors")
