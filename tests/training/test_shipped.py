"""The model that comes with us: what it knows, and the numbers that issue and card promise."""

from __future__ import annotations

import config
from har.models import checkpoint
from har.training import card

PATH = config.ROOT / "logs" / "best_model.safetensors"


def test_what_it_knows() -> None:
    model = checkpoint.load(PATH)
    assert model.labels == (
        "BodyWeightSquats", "Fight", "JumpingJack", "NoFight", "PushUps", "SitDown", "StandUp",
        "TurnAround", "Walk", "Yoga",
    )  # fmt: skip
    assert PATH.stat().st_size < 30e6
    assert PATH.with_name("model-card.md").read_text() == card.card(model)


def test_how_good_it_is_on_people_it_has_not_seen() -> None:
    found = checkpoint.load(PATH).metrics
    mean = {name: numbers["mean"] for name, numbers in found["spread"].items()}
    assert found["runs"] == 3
    assert mean["top1"] >= 0.82
    assert mean["balanced"] >= 0.72
    assert mean["ece"] <= 0.05
    assert mean["auroc"] >= 0.85
    assert min(mean["class SitDown"], mean["class StandUp"]) > 0.6
    assert mean["class TurnAround"] > 0.45
    assert (mean["class Fight"] + mean["class NoFight"]) / 2 >= 0.68
