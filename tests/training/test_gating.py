"""The gate that joins a head to Kinetics' classifier, fitted on made-up evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from har.models.joint import Gate, Joint, labels_with
from har.models.labels import KINETICS400
from har.training import calibration, gating
from har.training.calibration import Scored
from har.training.metrics import calibration_error, is_right

LEARNT = ("HipSway", "Plank", "Yoga")
LABELS = labels_with(LEARNT)
OTHERS = tuple(i for i, label in enumerate(KINETICS400) if label not in LEARNT)

Made = tuple[np.ndarray, np.ndarray]
"""Evidence [videos, E] of a clip each, and the labels that are right [videos, labels]."""


def quiet(rng: np.random.Generator, videos: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A head, Kinetics' classifier and a similarity that say nothing: the parts of evidence."""
    head = rng.normal(-2, 1, (videos, len(LEARNT)))
    kinetics = rng.normal(0, 1.5, (videos, len(KINETICS400)))
    return head, kinetics, rng.normal(0.3, 0.05, (videos, 1))


def evidence(head: np.ndarray, kinetics: np.ndarray, near: np.ndarray) -> np.ndarray:
    return np.concatenate([head, kinetics, near], axis=1).astype(np.float32)


def accepting(names: list[str]) -> np.ndarray:
    return np.array([[label == name for label in LABELS] for name in names])


def of_head(seed: int, videos: int = 90) -> Made:
    """Videos like those of training, of which the head is sure, and right."""
    rng = np.random.default_rng(seed)
    head, kinetics, near = quiet(rng, videos)
    truth = rng.integers(len(LEARNT), size=videos)
    head[np.arange(videos), truth] = rng.normal(3, 1, videos)
    return evidence(head, kinetics, near + 0.5), accepting([LEARNT[i] for i in truth])


def of_kinetics(seed: int, videos: int = 90) -> Made:
    """Videos of Kinetics' other actions, of which its classifier is sure, and right."""
    rng = np.random.default_rng(seed)
    head, kinetics, near = quiet(rng, videos)
    truth = rng.choice(OTHERS, videos)
    kinetics[np.arange(videos), truth] = rng.normal(14, 2, videos)
    return evidence(head, kinetics, near), accepting([KINETICS400[i] for i in truth])


def of_neither(seed: int, videos: int = 90) -> Made:
    """Videos of an action that nobody knows."""
    parts = quiet(np.random.default_rng(seed), videos)
    return evidence(*parts), np.zeros((videos, len(LABELS)), bool)


def clips(made: np.ndarray) -> list[np.ndarray]:
    return list(made[:, None])


def fitted(*groups: Made, weights: np.ndarray | None = None) -> Gate:
    found, accepted = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    counted = np.ones(len(found)) if weights is None else weights
    return gating.fit(clips(found), accepted, counted, LEARNT)


@pytest.fixture(scope="module")
def gate() -> Gate:
    """Fitted on as many videos of each kind."""
    return fitted(of_head(0), of_kinetics(1), of_neither(2))


@torch.inference_mode()
def said(gate: Gate, found: np.ndarray) -> np.ndarray:
    """The probabilities [videos, labels] of evidence."""
    return Joint(LEARNT, gate)(torch.from_numpy(found)).sigmoid().numpy()


def test_the_head_is_believed_where_it_is_right(gate: Gate) -> None:
    found, accepted = of_head(10)
    probabilities = said(gate, found)
    assert is_right(probabilities, accepted).mean() > 0.95
    assert np.median(probabilities.max(axis=1)) > 0.9


def test_kinetics_is_believed_where_it_is_right(gate: Gate) -> None:
    found, accepted = of_kinetics(11)
    probabilities = said(gate, found)
    assert is_right(probabilities, accepted).mean() > 0.95
    assert np.median(probabilities.max(axis=1)) > 0.9


def test_little_is_given_where_neither_is_right(gate: Gate) -> None:
    found, _ = of_neither(12)
    assert np.quantile(said(gate, found).max(axis=1), 0.9) < 0.2


def test_an_action_that_both_know_gets_the_word_of_both(gate: Gate) -> None:
    """As it is with Yoga, which Kinetics has as well."""
    found, _ = of_head(13, 30)
    yoga, kinetics = LEARNT.index("Yoga"), len(LEARNT) + KINETICS400.index("Yoga")
    found[:, :yoga] = -2
    found[:, yoga] = 0
    agreed = found.copy()
    agreed[:, kinetics] = 12
    before, after = (said(gate, each)[:, yoga].mean() for each in (found, agreed))
    assert after > before


def test_an_expert_that_is_always_wrong_is_not_believed() -> None:
    """Kinetics' classifier, as sure as it is where it is right, of what the head names right."""
    found, accepted = of_head(3)
    rng = np.random.default_rng(4)
    found[np.arange(len(found)), len(LEARNT) + rng.choice(OTHERS, len(found))] = 14
    gate = fitted((found, accepted), of_neither(5))
    again, truth = of_head(14)
    again[:, len(LEARNT) + OTHERS[0]] = 14
    assert is_right(said(gate, again), truth).mean() > 0.95


def doubtful(seed: int, videos: int) -> Made:
    """The head's first choice is right with a probability that grows with its logit."""
    rng = np.random.default_rng(seed)
    head, kinetics, near = quiet(rng, videos)
    first = rng.integers(len(LEARNT), size=videos)
    logit = rng.uniform(0, 4, videos)
    head[np.arange(videos), first] = logit
    right = rng.random(videos) < 1 / (1 + np.exp(2 - logit))
    truth = np.where(right, first, (first + 1) % len(LEARNT))
    return evidence(head, kinetics, near), accepting([LEARNT[i] for i in truth])


def test_the_trust_is_the_probability_that_the_first_choice_is_right() -> None:
    gate = fitted(doubtful(6, 600), of_neither(7, 120))
    found, accepted = (
        np.concatenate(parts) for parts in zip(doubtful(15, 2000), of_neither(16, 400), strict=True)
    )
    probabilities = said(gate, found)
    confidence, right = probabilities.max(axis=1), is_right(probabilities, accepted)
    assert calibration_error(confidence, right) < 0.05
    assert confidence.mean() == pytest.approx(right.mean(), abs=0.03)
    sure = confidence > np.median(confidence)
    assert right[sure].mean() > right[~sure].mean() + 0.2


def test_videos_count_by_their_weight_however_many_their_clips() -> None:
    groups = of_head(0, 30), of_kinetics(1, 30), of_neither(2, 30)
    found, accepted = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    weights = np.repeat([1.0, 2.0, 0.5], 30)
    expected = gating.fit(clips(found), accepted, weights, LEARNT)
    longer = [np.repeat(clip, 1 + i % 3, axis=0) for i, clip in enumerate(clips(found))]
    again = gating.fit(longer, accepted, 10 * weights, LEARNT)
    for gates in zip(again.mixing, expected.mixing, strict=True):
        assert gates[0] == pytest.approx(gates[1], rel=0.05, abs=0.05)
    assert said(again, found).max(axis=1) == pytest.approx(
        said(expected, found).max(axis=1), abs=0.02
    )


def test_weight_decides_between_videos_that_say_the_opposite() -> None:
    """The same evidence, in which the head and Kinetics' classifier are equally sure."""
    found, of_one = of_head(8, 60)
    at = np.random.default_rng(9).choice(OTHERS, 60)
    found[np.arange(60), len(LEARNT) + at] = 14
    of_other = accepting([KINETICS400[i] for i in at])
    for weights, right in (((9.0, 1.0), of_one), ((1.0, 9.0), of_other)):
        gate = fitted((found, of_one), (found, of_other), weights=np.repeat(weights, 60))
        assert is_right(said(gate, found), right).mean() > 0.95


def test_a_calibration_joins_them_where_the_head_has_its_own_labels() -> None:
    groups = of_head(0), of_kinetics(1), of_neither(2)
    found, accepted = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    scored = Scored(
        clips(found),
        accepted,
        np.zeros(len(LABELS), bool),
        [str(i) for i in range(len(found))],
        np.ones(len(found)),
        LEARNT,
    )
    joined = calibration.calibrate(scored)
    assert joined.joint
    probabilities = joined.probabilities(scored.clips)
    assert probabilities.shape == accepted.shape
    named = probabilities.max(axis=1) >= joined.threshold
    assert named[:180].mean() > 0.9
    assert named[180:].mean() < 0.3
    assert is_right(probabilities, accepted)[named].mean() >= calibration.PRECISION
    alone = replace(scored, clips=[c[:, :3] for c in scored.clips], learnt=None)
    assert calibration.calibrate(replace(alone, accepted=accepted[:, :3])).joint is None
