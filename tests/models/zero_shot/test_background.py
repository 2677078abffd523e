"""What a label is scored against, whatever others were asked."""

from __future__ import annotations

import pytest

from har.models.labels import UCF101, VOCABULARY
from har.models.zero_shot.background import NEUTRAL, beside

EVERYTHING = {*VOCABULARY.entries, *NEUTRAL}


@pytest.mark.parametrize(
    "labels", [("juggling three balls",), ("PushUps", "an elephant", "Yoga"), UCF101]
)
def test_labels_come_first_and_each_name_once(labels: tuple[str, ...]) -> None:
    found = beside(labels)
    assert found[: len(labels)] == labels
    assert len(set(found)) == len(found)
    assert set(found) <= {*labels, *EVERYTHING}
    assert set(NEUTRAL) <= set(found)


def test_a_name_of_nothing_is_scored_against_the_whole_vocabulary() -> None:
    assert set(beside(("quantum flux",))[1:]) == EVERYTHING


@pytest.mark.parametrize("name", ["GolfSwing", "golf swing", "PushUps", "push ups"])
def test_an_action_does_not_compete_with_itself_or_its_near_relations(name: str) -> None:
    entry = VOCABULARY.find(name)
    assert entry
    left_out = EVERYTHING - set(beside((name,))[1:])
    assert left_out == {entry.label, *entry.near}


def test_an_action_competes_with_those_that_are_neither() -> None:
    assert {"PlayingViolin", "PushUps", "TennisSwing"} <= set(beside(("GolfSwing",)))


def test_relations_that_are_asked_for_are_told_apart() -> None:
    found = beside(("GolfSwing", "GolfDriving"))
    assert found[:2] == ("GolfSwing", "GolfDriving")
    assert len(set(found)) == len(found)
