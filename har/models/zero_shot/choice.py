"""Which zero-shot model speaks: CLIP where its weights are here, else the semantic model."""

from __future__ import annotations

from pathlib import Path

from config import Settings
from har.errors import ModelGone
from har.models.labels import UCF101, read_label_map
from har.models.zero_shot import ZeroShot, weights
from har.models.zero_shot.semantic import Semantic
from har.models.zero_shot.sentences import Sentences
from har.types import Embeddings


class ZeroShotChoice:
    """The zero-shot models of one process, and the vocabulary they use unless told another."""

    def __init__(self, settings: Settings) -> None:
        descriptions = read_label_map(Path(settings.label_map)) if settings.label_map else {}
        sentences = Sentences(settings.data_dir / "cache" / "sentences.npz")
        self.vocabulary = tuple(dict.fromkeys([*UCF101, *descriptions]))
        self._semantic = Semantic(sentences, descriptions)
        self._settings = settings

    def now(self) -> ZeroShot:
        """The model to use at this moment.

        Where CLIP is wanted and not here, a try to fetch it begins beside us, if one is due.
        """
        weights.reach_in_background(self._settings)
        return weights.load(self._settings) or self._semantic

    def maker(self, embeddings: Embeddings) -> ZeroShot:
        """The model that made these, which alone can score them. Raises ModelGone."""
        wanted = embeddings.source, embeddings.name
        if wanted == (self._semantic.source, self._semantic.name):
            return self._semantic
        clip = weights.load(self._settings)
        if clip is None or wanted != (clip.source, clip.name):
            raise ModelGone(
                "The zero-shot model that saw this video is not here any more. Send the video "
                "again to score it with other labels."
            )
        return clip

    def told(self, model: ZeroShot) -> str:
        """What a result says of the model that was used, and of CLIP where it was another."""
        if model is self._semantic:
            return f"{model.name}; CLIP: {weights.outcome(self._settings)}"
        return model.name
