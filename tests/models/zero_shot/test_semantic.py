"""The semantic model: what is seen in a clip, by any name."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models import registry
from har.models.imagenet import class_names
from har.models.labels import KINETICS400, UCF101
from har.models.motion_backbone import MotionBackbone
from har.models.zero_shot.semantic import Semantic
from har.models.zero_shot.sentences import Sentences
from har.recognition.recognizer import Recognizer
from har.types import Options
from tests.sentences import seed

NOTHING = "quantum flux capacitor"
UNFITTING = ("shearing sheep", "an elephant on the moon", "writing a letter", NOTHING)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seed(tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def cache(data: Path) -> Path:
    return data / "cache" / "sentences.npz"


@pytest.fixture(scope="module")
def model(cache: Path) -> Semantic:
    return Semantic(Sentences(cache), {})


def clip(**probabilities: float) -> Tensor:
    """What is kept of a clip in which these actions of Kinetics' were seen, and no objects."""
    found = torch.zeros(len(KINETICS400) + len(class_names()))
    for action, probability in probabilities.items():
        found[KINETICS400.index(action)] = probability
    return found


def with_object(name: str, probability: float = 1.0) -> Tensor:
    """The same of a clip with an object in all of its frames, and no action."""
    found = torch.zeros(len(KINETICS400) + len(class_names()))
    found[len(KINETICS400) + class_names().index(name)] = probability
    return found


def score(model: Semantic, of: Tensor, *labels: str) -> float:
    """Of the first of some labels."""
    return model.scores(of, labels)[0].item()


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("PushUps", "PushUps"),
        ("PushUps", "push up"),
        ("PlayingChess", "playing chess"),
        ("ShearingSheep", "shearing sheep"),
        ("Abseiling", "Abseiling"),
    ],
)
def test_a_name_of_kinetics_own_gets_all_of_its_actions_probability(
    model: Semantic, action: str, name: str
) -> None:
    assert score(model, clip(**{action: 1.0}), name) == pytest.approx(1)
    assert score(model, clip(**{action: 0.7, "Yoga": 0.3}), name) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("GolfDriving", "GolfSwing"),
        ("Biking", "riding a bicycle on the road"),
        ("PlayingBasketball", "Basketball"),
        ("PlayingChess", "a game of chess"),
        ("PlayingViolin", "a violinist plays"),
    ],
)
def test_a_near_relation_gets_most_of_it(model: Semantic, action: str, name: str) -> None:
    assert score(model, clip(**{action: 1.0}), name) > 0.6
    assert score(model, clip(**{action: 1.0}), name, *UNFITTING) > 0.6


@pytest.mark.parametrize(
    "name", [NOTHING, "Zxq wvut", "an elephant on the moon", "12345", "跑步", "🤸"]
)
def test_a_name_of_nothing_gets_little(model: Semantic, name: str) -> None:
    evenly = clip(**dict.fromkeys(KINETICS400, 1 / len(KINETICS400)))
    for of in (clip(PushUps=1.0), clip(PlayingChess=0.5, Yoga=0.5), evenly):
        assert score(model, of, name) < 0.1


def test_other_actions_get_nothing_of_it(model: Semantic) -> None:
    found = dict(zip(UCF101, model.scores(clip(PlayingViolin=1.0), UCF101).tolist(), strict=True))
    assert found.pop("PlayingViolin") > 0.95
    assert sum(found.values()) < 0.05


@pytest.mark.parametrize("probability", [1.0, 0.5, 0.1])
def test_a_score_does_not_depend_on_how_many_others_are_asked(
    model: Semantic, probability: float
) -> None:
    of = clip(GolfDriving=probability, Yoga=0.9 * (1 - probability))
    alone = score(model, of, "GolfSwing")
    assert alone == pytest.approx(0.95 * probability, rel=0.1)
    for count in range(1, len(UNFITTING) + 1):
        among = score(model, of, "GolfSwing", *UNFITTING[:count])
        assert among == pytest.approx(alone, abs=0.02)


def test_names_that_mean_the_same_share(model: Semantic) -> None:
    found = model.scores(clip(Biking=1.0), ("riding a bicycle", "cycling on a bike", "knitting"))
    assert found.sum() <= 1.001
    assert found[:2].min() > 0.1 > found[2]


def test_scores_are_probabilities(model: Semantic) -> None:
    """Whatever was seen: both classifiers may be sure of something."""
    generator = torch.Generator().manual_seed(0)
    for sharpness in (0.0, 3.0, 30.0):
        seen = [
            (sharpness * torch.randn(count, generator=generator)).softmax(dim=0)
            for count in (len(KINETICS400), len(class_names()))
        ]
        for labels in (UCF101, KINETICS400, ("a game of chess",)):
            found = model.scores(torch.cat(seen), labels)
            assert found.shape == (len(labels),)
            assert found.min() >= 0
            assert found.sum() <= 1.001


def test_an_object_speaks_where_no_action_does(model: Semantic) -> None:
    violin = with_object("violin")
    assert score(model, violin, "a violin", "SkyDiving") > 0.3
    assert score(model, violin, "SkyDiving") < 0.05
    both = violin + clip(SkyDiving=1.0)
    sky, seen = model.scores(both, ("SkyDiving", "a violin")).tolist()
    assert sky > 0.9
    assert seen < 0.1, "an action is already known"


def test_where_nothing_is_seen_it_is_unsure(model: Semantic) -> None:
    nothing = torch.cat([torch.full((400,), 1 / 400), torch.full((1000,), 1 / 1000)])
    assert model.scores(nothing, UCF101).max() < model.threshold / 2


def test_descriptions_stand_for_their_labels(cache: Path, model: Semantic) -> None:
    """A made-up name means nothing by itself."""
    described = Semantic(Sentences(cache), {"Zxq": "a person playing violin"})
    violin = clip(PlayingViolin=1.0)
    assert score(described, violin, "Zxq", "SkyDiving") > 0.9
    assert score(model, violin, "Zxq", "SkyDiving") < 0.1


def test_what_the_trained_model_saw_is_kept_of_a_clip(model: Semantic) -> None:
    pixels = np.zeros((32, 64, 64, 3), np.uint8)
    actions = torch.zeros(len(KINETICS400))
    actions[KINETICS400.index("Yoga")] = 20.0
    kept = model.of_clip(model.embed(pixels[::4]), pixels, actions)
    assert kept.shape == (len(KINETICS400) + len(class_names()),)
    assert kept[: len(KINETICS400)].sum().item() == pytest.approx(1, abs=1e-4)
    assert kept[len(KINETICS400) :].sum().item() == pytest.approx(1, abs=1e-4)
    assert score(model, kept, "Yoga") > 0.9


def test_where_the_trained_model_tells_no_actions_it_looks_itself(
    model: Semantic, golf: Path, settings: Settings
) -> None:
    fit = MotionBackbone.fit(192)
    pixels = next(frames(probe(golf, settings), 12.5, fit, settings, batch=32)).pixels
    kept = model.of_clip(model.embed(pixels[::4]), pixels, None)
    assert score(model, kept, "a golf swing", "playing chess") > 0.8
    i3d = registry.load(settings, "i3d")
    logits = i3d.actions(i3d.per_clip(i3d.per_frame(pixels)[None]))
    assert logits is not None
    same = model.of_clip(model.embed(pixels[::4]), pixels, logits[0])
    torch.testing.assert_close(kept, same, atol=0.05, rtol=0)


@pytest.fixture
def settings(data: Path) -> Settings:
    return Settings(data_dir=data, clip_model="off")


@pytest.fixture
def golf(samples: Path, make_video: Callable[..., Path]) -> Path:
    """A clip on a golf course, of UCF101."""
    found = samples.parent / "data" / "wild" / "GolfSwing_3495a9de.mp4"
    return make_video("golf.mp4", "-i", str(found), "-t", "2.56", "-c:v", "libx264")


@pytest.fixture(scope="module")
def recognizer(data: Path) -> Recognizer:
    """The default one, which asks the semantic model."""
    return Recognizer.load(Settings(data_dir=data, clip_model="off"))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, "GolfSwing"),
        (("a golf swing", "cooking", "playing chess"), "a golf swing"),
        (("an elephant on the moon",), "Unknown"),
        (("cooking", "playing chess"), "Unknown"),
    ],
)
def test_a_real_clip_is_named_right_or_not_at_all(
    recognizer: Recognizer,
    golf: Path,
    settings: Settings,
    labels: tuple[str, ...] | None,
    expected: str,
) -> None:
    asked = Options(threshold=1.0, labels=labels)
    report = recognizer.recognise(probe(golf, settings), asked, lambda _: None)
    assert {(s.label, s.source) for s in report.segments} == {(expected, "semantic")}


def test_sentences_are_remembered(cache: Path) -> None:
    before = Sentences(cache).vectors(["a person surfing"])
    again = Sentences(cache)
    assert np.array_equal(again.vectors(["a person surfing"]), before)
    assert np.linalg.norm(before) == pytest.approx(1, abs=1e-4)


def test_threads_may_share_them(cache: Path) -> None:
    """A question about other labels is answered while a job is at work."""
    texts = [f"a person doing thing {n}" for n in range(8)]
    shared = Sentences(cache)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: shared.vectors([text])[0], texts))
    alone = Sentences(cache.with_name("alone.npz")).vectors(texts)
    assert np.allclose(together, alone, atol=1e-5)
