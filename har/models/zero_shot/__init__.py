"""Recognition of actions that nobody trained for, by their names.

The weights of these models come from local files only; the one place that asks the model hub is
:mod:`har.models.zero_shot.reach`, in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from har.types import Source

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


class ZeroShot(Protocol):
    """A model that scores clips against any list of action names. Threads may share one."""

    source: Source
    name: str
    """The model as the result shows it, such as ``openai/clip-vit-base-patch32``."""
    threshold: float
    """Confidence below which a segment is Unknown."""

    def embed(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """One vector [n, E] for each frame of ``pixels`` [n, height, width, 3] in RGB."""
        ...

    def of_clip(
        self,
        frames: torch.Tensor,
        pixels: NDArray[np.uint8],
        actions: torch.Tensor | None,
    ) -> torch.Tensor:
        """What is kept of a clip to score it, [F]: from embed()'s vectors [n, E] of some of its
        frames, all of these [T, height, width, 3], and the logits [400] of Kinetics' actions where
        the trained model gives them."""
        ...

    def scores(self, embedding: torch.Tensor, labels: tuple[str, ...]) -> torch.Tensor:
        """Probabilities [len(labels)] of a clip, from what of_clip() gave.

        Each label is scored against the whole vocabulary, and not against the others alone: they
        need not add up to 1.
        """
        ...
