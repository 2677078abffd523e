"""Whatever a checkpoint's metadata say, it is a model that runs or is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from har.errors import CheckpointError
from har.models import checkpoint, checkpoint_file
from har.models.checkpoint import Checkpoint
from har.models.frame_backbone import PACKAGED
from har.models.joint import EXPERTS, MIXING, TRUST, Joint
from tests.fuzz.inputs import JSON
from tests.models import made

SIZES = {"width": 8, "hidden": 6}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound checkpoint."""
    path = tmp_path_factory.mktemp("checkpoints") / "sound.safetensors"
    model = made.alone(PACKAGED, 16, ("PushUps", "Walk", "Yoga"))
    replace(model, temperature=1.5, threshold=0.4).save(path)
    return path


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of a head that is joined to Kinetics' classifier."""
    path = tmp_path_factory.mktemp("checkpoints") / "joint.safetensors"
    made.joint().save(path)
    return path


def meta_of(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as file:
        meta: dict[str, Any] = json.loads(file.metadata()["har"])
    return meta


def works_or_is_refused(path: Path) -> None:
    try:
        model = checkpoint.load(path)
    except CheckpointError:
        return
    logits, _ = model.network()(torch.zeros(1, model.frames, model.features))
    if model.gate:
        length = made.evidence_length(len(model.learnt))
        numbers = 10 * torch.randn(20, length, generator=torch.Generator().manual_seed(0))
        numbers[0] = 0
        with torch.inference_mode():
            logits = Joint(model.learnt, model.gate)(numbers)
    found = model.probabilities(logits)
    assert found.shape == (len(logits), len(model.labels))
    assert bool(((found >= 0) & (found <= 1)).all())


NAMES = sorted(checkpoint_file.names(Checkpoint))
CHOSEN = (
    st.sampled_from(["lstm", "transformer", "bilstm", "PushUps", 0, 1, 3, 16, 1e-300, 1e300])
    | st.dictionaries(st.sampled_from(["width", "hidden", "layers", "dropout", "heads"]), JSON)
    | st.lists(JSON, min_size=3, max_size=3)
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON | CHOSEN, min_size=1, max_size=2))
@example({"backbone": None})
@example({"sizes": {**SIZES, "layers": True}})
@example({"sizes": {**SIZES, "dropout": float("nan")}})
@example({"learnt": None})
@example({"gate": {}})
def test_any_metadata(written: Path, joint: Path, changes: dict[str, Any]) -> None:
    for path in (written, joint):
        works_or_is_refused(changed(path, changes))


def changed(path: Path, changes: dict[str, Any]) -> Path:
    """A checkpoint with other metadata, with a new hash."""
    tensors = load_file(path)
    meta = {**meta_of(path), **changes}
    del meta["sha256"]
    meta["sha256"] = checkpoint_file.digest(meta, tensors)
    path = path.with_name("changed.safetensors")
    save_file(tensors, path, {"har": json.dumps(meta)})
    return path


NUMBER = st.floats(-1e6, 1e6) | st.floats() | st.integers(-3, 3) | st.sampled_from(["1", None])


def several(count: int) -> st.SearchStrategy[list[Any]]:
    """Mostly as many numbers as there should be."""
    numbers = st.floats(-20, 20)
    return st.lists(numbers, min_size=count, max_size=count) | st.lists(
        NUMBER, min_size=count - 1, max_size=count
    )


GATES = st.fixed_dictionaries(
    {
        "mixing": st.lists(several(MIXING), min_size=EXPERTS, max_size=EXPERTS),
        "temperatures": st.lists(st.floats(0.1, 10), min_size=2, max_size=2) | several(2),
        "trust": several(TRUST),
    }
)


@given(GATES | st.dictionaries(st.sampled_from(["mixing", "temperatures", "trust"]), JSON))
@example({"mixing": [[6e4] * MIXING] * EXPERTS, "temperatures": [1e-4, 1e4], "trust": [6e4] * 8})
@example({"mixing": [[1.0] * MIXING] * EXPERTS, "temperatures": [0, 1], "trust": [1.0] * TRUST})
@example({"mixing": [[1e308] * MIXING] * EXPERTS, "temperatures": [1, 1], "trust": [1.0] * TRUST})
def test_any_gate(joint: Path, gate: dict[str, Any]) -> None:
    works_or_is_refused(changed(joint, {"gate": gate}))


@given(JSON.map(json.dumps) | st.text())
@example("[" * 100_000)
@example("9" * 5000)
def test_any_text_for_metadata(written: Path, text: str) -> None:
    path = written.with_name("other.safetensors")
    save_file(load_file(written), path, {"har": text.replace("\ud800", "")})
    works_or_is_refused(path)


@given(st.data())
def test_any_byte_changed(written: Path, data: st.DataObject) -> None:
    content = bytearray(written.read_bytes())
    end = data.draw(st.sampled_from([16, 4000, len(content)]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    path = written.with_name("bytes.safetensors")
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), end]))])
    works_or_is_refused(path)
