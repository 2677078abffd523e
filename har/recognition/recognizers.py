"""The recognizers of one process, by the names of their models."""

from __future__ import annotations

import threading

from config import Settings
from har.models import registry
from har.recognition.recognizer import Recognizer


class Recognizers:
    """The default one, which stays, and the other that was asked for last. Threads may share them.

    More would take memory that the work on a video needs. All share the zero-shot model.
    """

    def __init__(self, default: Recognizer, settings: Settings) -> None:
        self.default = default
        self._settings = settings
        self._other: dict[str, Recognizer] = {}
        self._loading = threading.Lock()

    def get(self, name: str = "") -> Recognizer:
        """The one whose model has that name, warmed up; the default one without a name.

        Raises BadOption for a name that nothing has, ModelMissing at once where the weights are not
        here, and CheckpointError where they cannot be used.
        """
        if name in ("", self.default.name):
            return self.default
        with self._loading:
            if name not in self._other:
                self._other = {name: self._loaded(name)}
            return self._other[name]

    def _loaded(self, name: str) -> Recognizer:
        if registry.is_hub_name(name) and not registry.fetched(self._settings, name):
            # Who sends a video does not name folders of this machine, as the command line may.
            raise registry.missing(name)
        recognizer = Recognizer.load(self._settings, model=name, zero_shot=self.default.zero_shot)
        recognizer.warm_up()
        return recognizer
