"""Whatever a checkpoint's metadata say, it is a model that runs or is refused."""

from __future__ import annotations

import json
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
from har.models.heads import make_head
from tests.fuzz.inputs import JSON

SIZES = {"width": 8, "hidden": 6}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound checkpoint."""
    path = tmp_path_factory.mktemp("checkpoints") / "sound.safetensors"
    Checkpoint(
        labels=("PushUps", "Walk", "Yoga"),
        backbone="tf_efficientnet_lite0",
        features=16,
        head="bilstm",
        sizes={**SIZES},
        frames=16,
        fps=8.0,
        stride=8,
        size=224,
        fit="squash",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        temperature=1.5,
        threshold=0.4,
        data={},
        metrics={},
        state=make_head("bilstm", 16, 3, **SIZES).state_dict(),
    ).save(path)
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
    found = model.probabilities(logits)
    assert found.shape == (1, len(model.labels))
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
def test_any_metadata(written: Path, changes: dict[str, Any]) -> None:
    tensors = load_file(written)
    meta = {**meta_of(written), **changes}
    del meta["sha256"]
    meta["sha256"] = checkpoint_file.digest(meta, tensors)
    path = written.with_name("changed.safetensors")
    save_file(tensors, path, {"har": json.dumps(meta)})
    works_or_is_refused(path)


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
