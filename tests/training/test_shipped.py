"""The model that comes with us: what it knows, and the numbers that its card promises."""

from __future__ import annotations

import config
from har.models import checkpoint
from har.models.joint import labels_with
from har.training import card

PATH = config.ROOT / "logs" / "best_model.safetensors"
LEARNT = (
    "BodyWeightSquats", "Fight", "JumpingJack", "NoFight", "PushUps", "SitDown", "StandUp",
    "TurnAround", "Walk", "Yoga",
)  # fmt: skip


def test_what_it_knows() -> None:
    model = checkpoint.load(PATH)
    assert model.learnt == LEARNT
    assert model.labels == labels_with(LEARNT)
    assert {"PlayingTennis", "WashingHands", "Archery"} < set(model.labels)
    assert PATH.with_name("model-card.md").read_text() == card.card(model)


def test_all_weights_are_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in PATH.parent.glob("*.safetensors")) < 45e6


def test_how_good_it_is_on_people_it_has_not_seen() -> None:
    found = checkpoint.load(PATH).metrics
    mean = {name: numbers["mean"] for name, numbers in found["spread"].items()}
    assert mean["top1"] >= 0.88
    assert mean["balanced"] >= 0.84
    assert mean["ece"] <= 0.04
    assert mean["auroc"] >= 0.87
    assert found["alarms"]["found"] >= 0.70
    assert found["alarms"]["false_alarms"] <= 0.15
    assert found["selection"]["precision"] >= found["selection"]["stated"]


def test_how_good_it_is_on_videos_as_people_find_them() -> None:
    found = checkpoint.load(PATH).metrics["found"]
    assert found["top1"] >= 0.76
    assert found["top5"] >= 0.90
    assert found["named_wrong"] <= 0.10
