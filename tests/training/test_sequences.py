"""Untrimmed videos: what is read, which fold they get, and videos joined from clips."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from config import Settings
from har.errors import ManifestError
from har.media.frames import frames
from har.media.probe import probe
from har.training import joining, manifest, sequences
from har.training.manifest import Row
from har.training.scoring import Video
from har.training.segments import Span
from tests.training.conftest import DATA

ROWS = [
    Row("clips/SitDown/SitDown_972cefaa02a.mp4", "SitDown", "s", "1", 3),
    Row("clips/StandUp/StandUp_972cefaa02b.mp4", "StandUp", "s", "1", 3),
    Row("clips/Walk/Walk_34cab5c1b0.mp4", "Walk", "s", "2", 0),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with two sequences of which nothing but the names is used."""
    for name in ("both_972cefaa02.mp4", "both_1105fa8f54.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def read(root: Path, text: str) -> list[sequences.Untrimmed]:
    (root / "sequences.csv").write_text(text, "utf-8")
    return sequences.read(root / "sequences.csv", root, ROWS)


def test_spans_in_their_order_and_the_fold_of_the_clips_cut_from_it(root: Path) -> None:
    first, second = read(
        root,
        "file,start,end,label\nboth_972cefaa02.mp4,1.5,3,StandUp\nboth_972cefaa02.mp4,0,1.5,SitDown\n"
        "both_1105fa8f54.mp4,0,2,Walk\n",
    )
    assert first.spans == (Span(0, 1.5, "SitDown"), Span(1.5, 3, "StandUp"))
    assert first.folds == (3,)
    assert first.video.path == root / "both_972cefaa02.mp4"
    assert second.folds == ()


def test_a_column_tells_the_fold(root: Path) -> None:
    (found,) = read(root, "file,start,end,label,fold\nboth_972cefaa02.mp4,0,3,SitDown,1\n")
    assert found.folds == (1,)


def test_a_group_of_people_of_several_folds_has_those_not_trained_on_it(root: Path) -> None:
    rows = [
        Row("a.mp4", "Walk", "students", "1", 0),
        Row("c.mp4", "Walk", "students", "2", 3),
        Row("d.mp4", "Walk", "others", "3", 1),
        Row("e.mp4", "Walk", "students", "uncut", None),
    ]
    (root / "list.csv").write_text("file,start,end,label,group\nb.mp4,0,1,Walk,uncut\n")
    (found,) = sequences.read(root / "list.csv", root, rows)
    assert found.folds == (0, 3)


def test_the_uncut_recordings_we_have() -> None:
    rows = manifest.read([DATA / "manifest.csv", DATA / "people.csv"], DATA)
    found = sequences.read(DATA / "uncut.csv", DATA, rows)
    assert len(found) == 18
    assert {untrimmed.folds for untrimmed in found} == {(0, 3)}
    assert sum(len(untrimmed.spans) for untrimmed in found) == 159
    assert {span.label for untrimmed in found for span in untrimmed.spans} == {
        "SitDown", "SitStill", "StandUp", "TurnAround", "Walk",
    }  # fmt: skip


def test_short_names_are_no_sign(root: Path) -> None:
    rows = [Row("b.mp4", "Walk", "s", "g", 2)]
    (root / "list.csv").write_text("file,start,end,label\nb.mp4,0,1,Walk\n")
    (found,) = sequences.read(root / "list.csv", root, rows)
    assert found.folds == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,label\nb.mp4,Walk\n", "sequences.csv lacks the column end, start"),
        ("file,start,end,label\n", "lists no videos"),
        ("file,start,end,label\nno.mp4,0,1,Walk\n", "no.mp4: not below the root"),
        ("file,start,end,label\nb.mp4,0,soon,Walk\n", "b.mp4 has a start or end"),
        ("file,start,end,label\nb.mp4,0,1\n", "b.mp4 has a span without a label"),
        ("file,label,start,end\nb.mp4,Walk,0\n", "b.mp4 has a start or end"),
        ("file,start,end,label,fold\nb.mp4,0,1,Walk,x\n", "b.mp4 has a fold"),
        ("file,start,end,label\nb.mp4,2,1,Walk\n", "b.mp4 has spans that overlap or end"),
        ("file,start,end,label\nb.mp4,0,2,Walk\nb.mp4,1,3,Yoga\n", "b.mp4 has spans that overlap"),
        (
            "file,start,end,label,fold\nb.mp4,0,1,Walk,1\nb.mp4,1,2,Yoga,2\n",
            "b.mp4 belongs to more than one fold",
        ),
    ],
)
def test_refused(root: Path, text: str, says: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(root, text)
    assert says in caught.value.detail
    assert str(root) not in caught.value.detail


def test_not_text(root: Path) -> None:
    (root / "list.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match=r"list\.csv cannot be read"):
        sequences.read(root / "list.csv", root, ROWS)


@pytest.fixture
def colours(make_video: Callable[..., Path]) -> list[Video]:
    """Clips of one colour each, of several sizes, lengths and frame rates, in two folds."""
    made = []
    for fold in (0, 1):
        for i, (label, size) in enumerate((("red", "64x48"), ("lime", "80x80"), ("blue", "48x96"))):
            path = make_video(
                f"{label}-{fold}.mp4", "-f", "lavfi", "-i",
                f"color={label}:s={size}:r={10 + 10 * i}:d={0.8 + 0.3 * i + 0.1 * fold}",
            )  # fmt: skip
            made.append(Video(Row(path.name, label, "s", f"g{fold}", fold), path))
    return made


def test_joined_videos_change_where_they_are_said_to(
    colours: list[Video], settings: Settings, tmp_path: Path
) -> None:
    made = joining.join(colours, 3, tmp_path, settings)
    assert [untrimmed.folds for untrimmed in made] == [(0,), (1,), (0,)]
    assert made[0].spans != made[2].spans
    for untrimmed in made:
        spans = untrimmed.spans
        assert len(spans) == joining.CLIPS
        assert all(a.end == b.start and a.label != b.label for a, b in pairwise(spans))
        video = probe(untrimmed.video.path, settings)
        assert video.duration == pytest.approx(spans[-1].end, abs=0.01)
        batch = np.concatenate([b.pixels for b in frames(video, 15.0, 32, settings)])
        seen = [("red", "lime", "blue")[p.mean(axis=(0, 1)).argmax()] for p in batch]
        middles = (np.arange(len(seen)) + 0.5) / 15
        assert seen == [next(s.label for s in spans if s.start <= t < s.end) for t in middles]


def test_the_same_seed_joins_the_same_clips(
    colours: list[Video], settings: Settings, tmp_path: Path
) -> None:
    first, again, other = (
        joining.join(colours, 1, tmp_path, settings, seed)[0].spans for seed in (1, 1, 2)
    )
    assert first == again
    assert [s.label for s in first] != [s.label for s in other]


def test_clips_of_one_label_cannot_be_joined(
    colours: list[Video], settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ManifestError, match="two labels or more"):
        joining.join([*colours[:3], colours[3]], 1, tmp_path, settings)
