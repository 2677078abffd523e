"""The recognizers of one process: loaded when they are asked for, and no more than two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import Settings
from har.errors import BadOption, ModelMissing
from har.models.clip_networks import residual
from har.recognition.recognizer import Recognizer
from har.recognition.recognizers import Recognizers
from tests import checkpoints
from tests.models.clip_networks import saved
from tests.sentences import seed


@pytest.fixture(scope="module", autouse=True)
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two networks of torchvision's are here."""
    with saved.torch_home(tmp_path_factory.mktemp("torch"), "r3d_18", "mc3_18"):
        yield


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data = seed(tmp_path_factory.mktemp("var"))
    return Settings(data_dir=data, checkpoint=checkpoints.small(), clip_model="off")


@pytest.fixture(scope="module")
def default(settings: Settings) -> Recognizer:
    return Recognizer.load(settings)


@pytest.fixture
def recognizers(default: Recognizer, settings: Settings) -> Recognizers:
    return Recognizers(default, settings)


def test_the_default_one_goes_by_its_name_too(
    recognizers: Recognizers, default: Recognizer
) -> None:
    assert default.name == "bilstm"
    assert recognizers.get() is recognizers.get("bilstm") is recognizers.default is default


def test_another_is_kept_until_a_third_is_asked_for(recognizers: Recognizers) -> None:
    first = recognizers.get("r3d_18")
    assert (first.name, first.model.source) == ("r3d_18", "r3d_18")
    assert first.zero_shot is recognizers.default.zero_shot
    assert recognizers.get("r3d_18") is first
    assert recognizers.get("mc3_18").model.source == "mc3_18"
    assert recognizers.get("r3d_18") is not first
    assert recognizers.get() is recognizers.default


def test_a_model_whose_weights_come_with_us_takes_a_place_as_well(
    recognizers: Recognizers,
) -> None:
    first = recognizers.get("r3d_18")
    assert recognizers.get("i3d").model.source == "i3d"
    assert recognizers.get("i3d").zero_shot is recognizers.default.zero_shot
    assert recognizers.get("r3d_18") is not first


def test_threads_that_ask_at_once_get_the_same(recognizers: Recognizers) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(recognizers.get, ["r3d_18"] * 4))
    assert len(found) == 1


def test_weights_that_come_later_are_found(recognizers: Recognizers, tmp_path: Path) -> None:
    kept = recognizers.get("r3d_18")
    with saved.torch_home(tmp_path):
        with pytest.raises(ModelMissing, match="har models --fetch mc3_18"):
            recognizers.get("mc3_18")
        saved.save_residual("mc3_18")
        assert recognizers.get("mc3_18").model.source == "mc3_18"
    assert kept.model.source == "r3d_18", "who has it goes on with it"


def test_what_has_no_weights_takes_nothing_elses_place(
    recognizers: Recognizers, settings: Settings
) -> None:
    kept = recognizers.get("r3d_18")
    for name, error in (("lstm", ModelMissing), ("videomae", ModelMissing), ("x", BadOption)):
        with pytest.raises(error):
            recognizers.get(name)
    assert recognizers.get("r3d_18") is kept


def test_the_settings_own_is_the_default(settings: Settings) -> None:
    chosen = dataclasses.replace(settings, model="r3d_18")
    recognizers = Recognizers(Recognizer.load(chosen), chosen)
    assert recognizers.get("r3d_18") is recognizers.get()
    assert recognizers.get("bilstm").model.source == "bilstm"


def test_a_free_one_is_called_as_results_call_it(settings: Settings, tmp_path: Path) -> None:
    """A folder by the name of something else is not taken for that."""
    folder = saved.save_attention("videomae", tmp_path / "r3d_18")
    chosen = dataclasses.replace(settings, model=str(folder))
    recognizers = Recognizers(Recognizer.load(chosen), chosen)
    assert recognizers.default.name == "videomae (r3d_18)"
    assert recognizers.get("r3d_18").model.name == f"r3d_18 ({residual.weights('r3d_18').name})"
