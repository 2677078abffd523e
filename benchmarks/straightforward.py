"""The straightforward way that ours is compared with: what one would write first.

OpenCV decodes every full frame, PIL resizes, and the CNN runs anew for each overlapping clip, in
float32. Clips, network, weights and head are the same.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from har.models.checkpoint import Checkpoint
from har.recognition.clips import pad, windows
from har.types import Fit


class Straightforward:
    """The naive recogniser of a checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = checkpoint.at_work("")
        self.network = checkpoint.embedder().network.to(memory_format=torch.contiguous_format)

    def clip_scores(self, path: Path) -> NDArray[np.float32]:
        """Probabilities [clips, labels]."""
        frames = sampled(path, self.model.fps)
        starts = windows(len(frames), self.model.frames, self.model.stride)
        clips = [frames[s : s + self.model.frames] for s in starts]
        return np.concatenate([self._clip(clip) for clip in clips])

    @torch.inference_mode()
    def _clip(self, pictures: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(np.stack([resized(p, self.model.fit) for p in pictures]))
        vectors = self.network(pad(pixels, self.model.frames)[None])
        logits, _ = self.model.judge(vectors)
        return self.model.probabilities(logits).numpy()


def sampled(path: Path, fps: float) -> list[NDArray[np.uint8]]:
    """Full pictures, BGR: the nearest to each sampled time; where several are near, the last."""
    video = cv2.VideoCapture(str(path))
    slots: dict[int, NDArray[np.uint8]] = {}
    while True:
        there, picture = video.read()
        if not there:
            break
        seconds = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        slots[int(seconds * fps + 0.5)] = picture
    count = round(video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS) * fps)
    video.release()
    return [slots[slot] for slot in sorted(slots) if slot < count]


def resized(picture: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """RGB, at the size that the network sees."""
    image = Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    height, width = fit.shape(*image.size)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
