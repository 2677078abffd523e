"""A head and Kinetics' classifier, joined to one probability per action."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from har.models.joint import (
    EXPERTS,
    MIXING,
    NEAREST,
    START,
    TRUST,
    Gate,
    Joint,
    labels_with,
    similarity,
)
from har.models.labels import KINETICS400
from tests.models import made

LEARNT = ("PushUps", "Fight", "NoFight", "SitDown")
"""The first is one of Kinetics' as well."""
HEAD, KINETICS, NEITHER = range(EXPERTS)


def evidence(head: str = "", kinetics: str = "", near: float = 0.0, clips: int = 1) -> Tensor:
    """Of clips in which the head and Kinetics' classifier are each sure of a label, or of none."""
    found = torch.zeros(clips, made.evidence_length(len(LEARNT)))
    if head:
        found[:, LEARNT.index(head)] = 12.0
    if kinetics:
        found[:, len(LEARNT) + KINETICS400.index(kinetics)] = 20.0
    found[:, -1] = near
    return found


def believing(expert: int, trust: float = 1.0) -> Gate:
    """A gate that believes one expert alone, and takes the mixture's sureness to a power."""
    rows = [[0.0] * MIXING for _ in range(EXPERTS)]
    rows[expert][0] = 20.0
    return Gate(tuple(map(tuple, rows)), (1.0, 1.0), (0.0, trust, *(0.0,) * (TRUST - 2)))


def drawn(clips: int = 50) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return 5 * torch.randn(clips, made.evidence_length(len(LEARNT)), generator=generator)


def random_gate(seed: int) -> Gate:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(EXPERTS, MIXING, generator=generator).tolist()
    trust = torch.randn(TRUST, generator=generator).tolist()
    return Gate(tuple(map(tuple, mixing)), (1.5, 0.7), tuple(trust))


def by_label(joint: Joint, of: Tensor) -> dict[str, float]:
    """The probabilities of the first clip by their labels."""
    with torch.inference_mode():
        return dict(zip(joint.labels, joint(of)[0].sigmoid().tolist(), strict=True))


def test_labels_are_those_of_the_head_and_then_kinetics_each_once() -> None:
    labels = labels_with(LEARNT)
    assert labels[: len(LEARNT)] == LEARNT
    assert len(set(labels)) == len(labels) == len(LEARNT) + len(KINETICS400) - 1
    assert set(labels) == {*LEARNT, *KINETICS400}
    rest = [label for label in KINETICS400 if label not in LEARNT]
    assert list(labels[len(LEARNT) :]) == rest


def test_labels_of_kinetics_alone_are_its_own_in_the_order_that_was_learnt() -> None:
    assert labels_with(KINETICS400[::-1]) == KINETICS400[::-1]


@pytest.mark.parametrize("gate", [START, *map(random_gate, range(3))])
def test_a_mixture_adds_up_to_what_neither_leaves(gate: Gate) -> None:
    joint = Joint(LEARNT, gate)
    of = drawn().double()
    with torch.inference_mode():
        mixture, features = joint.mixed(of)
        neither = joint.neither(of).exp()
    assert mixture.shape == (len(of), len(joint.labels))
    assert features.shape == (len(of), TRUST)
    assert mixture.min() >= 0
    torch.testing.assert_close(mixture.sum(1) + neither, torch.ones(len(of)).double())


@pytest.mark.parametrize("gate", [START, *map(random_gate, range(3))])
def test_trust_keeps_the_order_of_labels(gate: Gate) -> None:
    """Only how sure the first is changes, and the others keep their proportion to it."""
    joint = Joint(LEARNT, gate)
    of = drawn()
    with torch.inference_mode():
        mixture, _ = joint.mixed(of.double())
        found = joint(of).sigmoid()
    assert found.isfinite().all()
    assert torch.equal(found.argmax(1), mixture.argmax(1))
    ratios = found / found.amax(1, keepdim=True)
    expected = (mixture / mixture.amax(1, keepdim=True)).float()
    torch.testing.assert_close(ratios, expected, atol=1e-6, rtol=1e-3)


def test_before_it_is_fitted_both_count_alike() -> None:
    joint = Joint(LEARNT)
    assert joint.gate == START
    of_one = by_label(joint, evidence(head="SitDown"))
    assert of_one["SitDown"] == pytest.approx(1 / 3, abs=0.01)
    of_other = by_label(joint, evidence(kinetics="Abseiling"))
    assert of_other["Abseiling"] == pytest.approx(1 / 3, abs=0.01)
    at_odds = by_label(joint, evidence(head="SitDown", kinetics="Abseiling"))
    assert at_odds["SitDown"] == pytest.approx(at_odds["Abseiling"], abs=0.01)


def test_what_both_say_gets_the_shares_of_both() -> None:
    found = by_label(Joint(LEARNT), evidence(head="PushUps", kinetics="PushUps"))
    assert found["PushUps"] == pytest.approx(2 / 3, abs=0.01)
    assert sum(found.values()) == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("expert", "label"), [(HEAD, "Fight"), (KINETICS, "Abseiling"), (NEITHER, None)]
)
def test_who_is_believed_speaks(expert: int, label: str | None) -> None:
    found = by_label(
        Joint(LEARNT, believing(expert)), evidence(head="Fight", kinetics="Abseiling", near=0.9)
    )
    sure = {name for name, probability in found.items() if probability > 0.5}
    assert sure == ({label} if label else set())


def test_less_trust_makes_it_less_sure_of_the_same() -> None:
    of = evidence(head="Fight", kinetics="Abseiling")
    sure, unsure = (by_label(Joint(LEARNT, believing(HEAD, trust)), of) for trust in (1.0, 0.1))
    assert 0.5 < unsure["Fight"] < 0.9 < sure["Fight"]
    assert max(unsure, key=unsure.__getitem__) == "Fight"


def test_an_extreme_gate_gives_numbers_still() -> None:
    extreme = dataclasses.replace(
        random_gate(0),
        mixing=((6e4,) * MIXING, (-6e4,) * MIXING, (0.0,) * MIXING),
        temperatures=(1e-4, 1e4),
        trust=(6e4,) * TRUST,
    )
    for gate in (extreme, dataclasses.replace(extreme, mixing=extreme.mixing[::-1])):
        with torch.inference_mode():
            found = Joint(LEARNT, gate)(drawn())
        assert found.isfinite().all()


def test_its_gate_makes_the_same_again() -> None:
    joint = Joint(LEARNT, random_gate(1))
    again = Joint(LEARNT, joint.gate)
    with torch.inference_mode():
        torch.testing.assert_close(again(drawn()), joint(drawn()))
    assert joint.gate.temperatures == pytest.approx((1.5, 0.7))


def test_similarity_is_the_mean_cosine_with_the_nearest() -> None:
    axes = torch.eye(NEAREST + 3)
    among = torch.cat([axes[:1].expand(NEAREST, -1), axes[1:2]])
    found = similarity(torch.stack([axes[0], axes[1], axes[2]]), among)
    assert found.tolist() == pytest.approx([1.0, 1 / NEAREST, 0.0])


def test_similarity_with_fewer_clips_than_are_counted() -> None:
    axes = torch.eye(4)
    assert similarity(axes[:2], axes[1:3]).tolist() == pytest.approx([0.0, 0.5])


def test_similarity_with_exemplars_in_half_precision() -> None:
    axes = torch.eye(4)
    assert similarity(axes[:1], axes[:1].half()).tolist() == [1.0]
