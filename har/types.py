"""The nouns that every part of the program shares.

All of them are frozen. Times are seconds on the container's own clock (the one a player shows),
probabilities are calibrated and lie in 0..1, labels are UCF101-style names such as ``PushUps``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Source = Literal[
    "bilstm",
    "lstm",
    "transformer",
    "i3d",
    "r3d_18",
    "mc3_18",
    "r2plus1d_18",
    "timesformer",
    "videomae",
    "clip",
    "semantic",
    "objects",
    "person",
]
"""Who gave a segment its label: a model, or a person who corrected it. ``objects`` is in results of
earlier versions."""

ZERO_SHOT: tuple[Source, ...] = ("clip", "semantic", "objects")
"""Those that know actions by their names alone."""

Phase = Literal["live", "fetch", "probe", "convert", "recognise", "compare", "annotate"]
"""The stages of a job, in their order; a stream that is followed is in the first of them."""

Progress = Callable[[Phase, float], None]
"""Called with a phase and the fraction of it that is done, 0..1."""

UNKNOWN = "Unknown"
"""The label of a segment that neither model is sure of."""

Top = tuple[tuple[str, float], ...]
"""Labels with their probabilities, the most probable first."""


@dataclass(frozen=True)
class VideoFacts:
    """What the container says about a video that passed the probe."""

    path: Path
    start: float
    """Timestamp of the first frame, in seconds; not always zero."""
    duration: float
    """Seconds from the first frame's timestamp to the end of the last frame."""
    width: int
    """Pixels across, as displayed: after rotation, with square pixels not assumed."""
    height: int
    fps: float
    """Mean frame rate; a description, never used to compute a time."""
    container: str
    codec: str
    audio_codec: str | None
    pixels: str = ""
    """How ffmpeg names the way that pixels are stored, such as ``yuv420p``."""
    pixel_ratio: float = 1.0
    """Width of a pixel to its height, as displayed; not 1 in anamorphic video."""

    @property
    def end(self) -> float:
        """Timestamp at which the last frame ends, in seconds."""
        return self.start + self.duration

    @property
    def ratio(self) -> float:
        """Width to height of the picture, as displayed."""
        return self.width * self.pixel_ratio / self.height


@dataclass(frozen=True)
class Fit:
    """What a network is shown of a video's picture: a square of ``size`` pixels a side or, with
    ``longest``, the whole picture at its own shape."""

    size: int
    """Side of the square, or the shorter side of the whole picture, in pixels."""
    scaled: tuple[int, int] | int | None = None
    """Height and width to which the picture is scaled before the square is cut out of it; one
    number is the shorter side, the other being in proportion; None squashes it to the square."""
    corner: tuple[int, int] | None = None
    """Top and left of the square in what is scaled; None is the middle, rounded down."""
    longest: int | None = None
    """Most pixels of the whole picture's longer side, to which what is longer is squashed; None
    makes a square."""

    @property
    def least(self) -> int:
        """Pixels that the shorter side of a picture must have, for nothing to be blown up."""
        scaled = self.scaled or self.size
        return scaled if isinstance(scaled, int) else max(scaled)

    @property
    def typical(self) -> tuple[int, int]:
        """Height and width of what is shown of most videos, whose picture is 16:9."""
        return self.shape(16, 9)

    def shape(self, width: float, height: float) -> tuple[int, int]:
        """Height and width in pixels of what is shown of a picture with these sides, in any unit.

        The longer side of a whole picture is even, since ffmpeg takes a third longer for odd ones.
        """
        if self.longest is None:
            return self.size, self.size
        ratio = max(width / height, height / width)
        longer = min(self.longest, 2 * int(self.size * ratio / 2 + 0.5))
        return (self.size, longer) if width >= height else (longer, self.size)

    def makes(self, height: int, width: int) -> bool:
        """Whether there are pictures of which so many pixels are shown."""
        if self.longest is None:
            return height == width == self.size
        return min(height, width) == self.size and max(height, width) <= self.longest

    def ratio(self, picture: float) -> float:
        """Width to height of the part that is shown of a picture with that ratio."""
        if isinstance(self.scaled, tuple):
            height, width = self.scaled
            return picture * height / width
        return picture if self.scaled is None else 1.0


@dataclass(frozen=True)
class FrameBatch:
    """Consecutive sampled frames."""

    times: NDArray[np.float64]
    """Shape [n]: the second each frame stands for, strictly increasing."""
    pixels: NDArray[np.uint8]
    """Shape [n, height, width, 3], RGB."""


@dataclass(frozen=True)
class Clip:
    """A window of sampled frames that is scored as one."""

    first: int
    """Index of its first frame in the stream of sampled frames."""
    start: float
    end: float


@dataclass(frozen=True)
class Scores:
    """What one model says of one clip."""

    source: Source
    top: Top
    """At most five labels."""

    @property
    def label(self) -> str:
        return self.top[0][0]

    @property
    def confidence(self) -> float:
        return self.top[0][1]


@dataclass(frozen=True)
class Segment:
    """A scored clip: the label that stands, and where it came from."""

    start: float
    end: float
    label: str
    confidence: float
    top5: Top
    source: Source
    reason: str | None = None
    """Why the trained model was not believed; None where it was."""
    trained: Scores | None = None
    """The trained model's own scores, where another model spoke."""
    attention: tuple[float, ...] = ()
    """Weights of the clip's steps in the trained model's head, in their order; they add up to 1.
    A step is an equal part of a clip: half a second of it with I3D."""


@dataclass(frozen=True)
class Action:
    """A stretch of the timeline with one label."""

    start: float
    end: float
    label: str
    confidence: float
    source: Source


@dataclass(frozen=True)
class Options:
    """What one request may choose; None means the checkpoint's own value."""

    labels: tuple[str, ...] | None = None
    """The zero-shot vocabulary of this request."""
    stride: int | None = None
    """Sampled frames from the start of one clip to the start of the next."""
    threshold: float | None = None
    """Trained confidence below which the zero-shot model is asked."""
    annotate: bool = True
    models: tuple[str, ...] = ()
    """Names of the model that is asked, and of the one that it is compared with where there is one;
    empty for the settings' own."""


Found = Callable[[Segment], None]
"""Called with each segment as soon as it is scored, in their order."""

Probed = Callable[[VideoFacts], None]
"""Called with what is known of a video once the file was looked into."""

Sampled = Callable[[FrameBatch], None]
"""Called with all sampled frames, in their order, and from another thread."""


def ignore(_: object) -> None:
    """For callers who want all segments at the end, and no frames."""


@dataclass(frozen=True)
class Thresholds:
    """Confidences below which a model is not believed."""

    trained: float
    zero_shot: float


@dataclass(frozen=True)
class Embeddings:
    """What the zero-shot model saw in the clips that it was asked about."""

    source: Source
    name: str
    """Of the model, which alone can read them."""
    vectors: dict[int, NDArray[np.float16]]
    """The vector that was scored, by the clip's position among the segments."""


@dataclass(frozen=True)
class Sheets:
    """Contact sheets ``frames-0.jpg``, ``frames-1.jpg`` and so on of the sampled frames, which fill
    their places row by row."""

    fps: float
    """Sampled frames per second of video."""
    size: int
    """Side of a place in pixels, which is a square."""
    width: int
    """Pixels of a frame, which is at its place's top left and has the video's shape."""
    height: int
    columns: int
    rows: int
    count: int
    """Frames in all; what is left of places and of the last sheet is black."""
    sheets: int
    clip: int
    """Frames in a clip of the trained model."""


@dataclass(frozen=True)
class Report:
    """All that was found in one video."""

    video: VideoFacts
    segments: tuple[Segment, ...]
    timeline: tuple[Action, ...]
    model: str
    """The name by which the trained model is chosen."""
    models: dict[str, str]
    """``trained`` and ``zero_shot``: the models at work, and why not CLIP where it is not."""
    thresholds: Thresholds
    embeddings: Embeddings
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds spent per stage."""
    frames: Sheets | None = None
    """The sampled frames, where they were kept."""
    comparison: Report | None = None
    """What another model found in the same video, where one was asked."""
