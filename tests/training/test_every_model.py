"""Every model that can be chosen is trained, saved, loaded, served and measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from config import Settings
from har.media.probe import probe
from har.models import registry
from har.recognition.recognizer import Recognizer
from har.training import build, evaluate, scoring
from har.training.loop import Network
from har.training.material import Material, prepare
from har.types import Options
from tests.training import small

pytestmark = pytest.mark.slow


def probabilities(network: Network, material: Material) -> Tensor:
    """Of the clips to validate with, [videos, labels], as the network says in training."""
    batches = list(material.clips(small.ALL).batches(None))
    with torch.inference_mode():
        logits = torch.cat([network.head(network.vectors(b).float())[0] for b, _ in batches])
    return logits.softmax(dim=1) if network.exclusive else logits.sigmoid()


@pytest.mark.parametrize("name", registry.NAMES)
def test_it_is_trained_saved_loaded_served_and_measured(
    name: str, folders: Path, bars: Path, settings: Settings, tmp_path: Path
) -> None:
    recipe = small.recipe_of(name, folders, settings)
    material = prepare(recipe, small.ROWS, bars, settings)
    before = build.make_network(material, recipe).state_dict()
    network = small.trained(recipe, material)
    after = network.state_dict()
    changed = {key for key, tensor in after.items() if not torch.equal(tensor, before[key])}
    assert {key.partition(".")[0] for key in changed} == {key.partition(".")[0] for key in before}

    path = tmp_path / "mine.safetensors"
    build.checkpoint(network, material, build.parts(material, recipe)[-1], recipe).save(path)
    recognizer = Recognizer.load(settings, model=str(path))
    assert recognizer.model.source == name
    assert recognizer.model.labels == ("SitDown", "Walk")
    video = probe(bars / small.ROWS[0].file, settings)
    if recognizer.model.frames == 16:  # as many as the video has
        [found] = recognizer.clip_scores(video)
        assert found == pytest.approx(probabilities(network, material)[0].numpy(), abs=0.02)
    report = recognizer.recognise(video, Options(threshold=0.0), lambda _: None)
    assert {segment.source for segment in report.segments} == {name}
    assert report.timeline[-1].end == pytest.approx(report.video.end)

    measured = evaluate.of_checkpoint(recognizer, scoring.videos_of(small.ROWS, bars), settings)
    findings = evaluate.judge(measured)
    assert findings.metrics.videos == 4
    assert 0 <= findings.metrics.top1 <= 1
