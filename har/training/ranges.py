"""The highest values of I3D's maps, with which it is computed in integers: ``python -m
har.training.ranges VIDEO...`` writes them. See har.models.i3d_int8."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models import i3d_int8, i3d_weights
from har.models.clip_networks import inflated
from har.models.i3d import I3D
from har.recognition.clips import pad


def main() -> None:
    """Write i3d_int8.HIGHEST from the middle clips of the videos that are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("videos", nargs="+", type=Path)
    videos = parser.parse_args().videos
    found = typical(i3d_weights.pretrained(), videos)
    text = json.dumps({"clips": len(videos), "highest": found}, indent=1)
    i3d_int8.HIGHEST.write_text(text + "\n", "utf-8")


def typical(network: I3D, videos: Sequence[Path]) -> dict[str, float]:
    """The median over the videos of each map's highest value.

    What is higher in a clip is cut off: that costs less than coarser steps for all clips.
    """
    with torch.inference_mode():
        found = [
            i3d_int8.highest(network, clip) for clip in tqdm(_clips(videos), total=len(videos))
        ]
    return {name: round(median(clip[name] for clip in found), 4) for name in found[0]}


def _clips(videos: Sequence[Path]) -> Iterator[Tensor]:
    """The middle clip of each, as I3D.forward() takes it. Raises MediaError."""
    settings, seen = Settings(), inflated.geometry()
    for video in videos:
        batches = frames(probe(video, settings), seen.fps, seen.fit, settings)
        pixels = torch.from_numpy(np.concatenate([batch.pixels for batch in batches]))
        first = max(len(pixels) - seen.frames, 0) // 2
        clip = pad(pixels[first : first + seen.frames], seen.frames)
        yield clip.permute(3, 0, 1, 2)[None] / 127.5 - 1


if __name__ == "__main__":
    main()
