"""Checkpoints: what is saved is what is loaded, and what is broken is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from har.errors import CheckpointError
from har.models import checkpoint, checkpoint_file, registry
from har.models.checkpoint import Checkpoint
from har.models.frame_backbone import PACKAGED
from har.models.labels import KINETICS400
from tests.models import made


@pytest.fixture
def model() -> Checkpoint:
    return replace(
        made.alone(PACKAGED, 1280, ("PushUps", "Walk", "Yoga")),
        temperature=1.5,
        skew=1.5,
        bias=0.25,
        threshold=0.4,
        data={"videos": 3},
        metrics={"top1": 0.5},
    )


@pytest.fixture(scope="module")
def joint() -> Checkpoint:
    """A head that is joined to Kinetics' classifier."""
    return made.joint()


def test_round_trip(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "logs" / "best_model.safetensors"
    model.save(path)
    again = checkpoint.load(path)
    for field in fields(Checkpoint):
        if field.repr:
            assert getattr(again, field.name) == getattr(model, field.name)
    clips = torch.rand(2, 16, 1280)
    with torch.inference_mode():
        assert torch.equal(again.network()(clips)[0], model.network()(clips)[0])
    assert again.exemplars.numel() == 0
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_round_trip_of_a_joint_model(joint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "joint.safetensors"
    joint.save(path)
    again = checkpoint.load(path)
    for field in fields(Checkpoint):
        if field.repr:
            assert getattr(again, field.name) == getattr(joint, field.name)
    assert set(KINETICS400) | set(made.LEARNT) == set(again.labels)
    assert torch.allclose(again.exemplars, joint.exemplars, atol=1e-3), "in half precision"
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_joint_model_at_work_says_what_was_learnt_and_what_kinetics_has(
    joint: Checkpoint, tmp_path: Path
) -> None:
    path = tmp_path / "joint.safetensors"
    joint.save(path)
    served, direct = registry.of_file(path), joint.at_work("joint.safetensors")
    assert served.name == "bilstm on i3d (joint.safetensors)"
    assert (served.frames, served.fps, served.stride) == (32, 12.5, 16)
    assert served.fit.typical == (192, 342)
    vectors = torch.rand(3, 8, joint.features, generator=torch.Generator().manual_seed(1))
    logits, attention = served.judge(vectors)
    assert attention is not None
    assert attention.sum(dim=1).tolist() == pytest.approx([1.0] * 3)
    found = served.probabilities(logits)
    assert found.shape == (3, len(served.labels)) == (3, len(joint.labels))
    assert torch.allclose(found, direct.probabilities(direct.judge(vectors)[0]), atol=2e-3)
    actions = served.actions(vectors)
    assert actions is not None
    assert actions.shape == (3, len(KINETICS400))
    evidence, _ = served.evidence(vectors)
    assert evidence.shape == (3, len(made.LEARNT) + len(KINETICS400) + 1)
    assert torch.allclose(evidence[:, len(made.LEARNT) : -1], actions, atol=1e-4)


def test_same_checkpoint_same_bytes(model: Checkpoint, tmp_path: Path) -> None:
    model.save(tmp_path / "a.safetensors")
    checkpoint.load(tmp_path / "a.safetensors").save(tmp_path / "b.safetensors")
    first, second = ((tmp_path / f"{n}.safetensors").read_bytes() for n in "ab")
    assert first == second


def test_the_highest_probability_is_calibrated_and_the_others_follow_it(model: Checkpoint) -> None:
    found = model.probabilities(
        torch.tensor([[0.0, 3.0, -30.0], [-50.0, -30.0, -40.0], [-300.0] * 3])
    )
    # The logit (log(1 + e^3) - log(1 + e^-3) / 1.5) / 1.5 + 0.25 is 2.2608.
    best = 0.9056
    assert found[0].tolist() == pytest.approx([best * 0.5 / 0.9526, best, 0.0], abs=1e-3)
    assert found.isfinite().all()
    assert found[1].argmax() == 1


def test_without_calibration_probabilities_are_sigmoids(model: Checkpoint) -> None:
    logits = torch.tensor([[0.0, 3.0, -3.0], [-9.0, -4.0, -7.0]])
    plain = replace(model, temperature=1.0, skew=1.0, bias=0.0)
    assert torch.allclose(plain.probabilities(logits), logits.sigmoid(), atol=1e-6)


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    assert str(path.parent) not in caught.value.detail
    assert path.name in caught.value.detail
    return caught.value.detail


def test_missing(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path / "none.safetensors")


def test_cut_off(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    model.save(path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "not a whole safetensors file" in refused(path)


class Trap:
    """Leaves a file behind if it is ever unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert "not a whole safetensors file" in refused(path)
    assert not (tmp_path / "sprung").exists()


def test_without_metadata(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(model.state, path)
    assert "no metadata" in refused(path)


def test_metadata_that_are_not_json(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    save_file(model.state, path, {"har": "{"})
    assert "not JSON" in refused(path)


def opened(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    with safe_open(path, framework="pt") as file:
        meta = json.loads(file.metadata()["har"])
        return meta, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


Change = Callable[[dict[str, Any]], object]


def changed(model: Checkpoint, folder: Path, change: Change) -> Path:
    """The file of a model, with a new hash after a change of its metadata."""
    path = folder / "changed.safetensors"
    model.save(path)
    meta, state = opened(path)
    del meta["sha256"]
    change(meta)
    meta["sha256"] = checkpoint_file.digest(meta, state)
    save_file(state, path, {"har": json.dumps(meta)})
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda meta: meta.pop("labels"), "another version (labels)"),
        (lambda meta: meta.update(extra=1), "another version (extra)"),
        (lambda meta: meta.update(labels=[]), "labels"),
        (lambda meta: meta.update(labels=5), "no sense"),
        (lambda meta: meta.update(labels=["Walk", "Walk", "Yoga"]), "labels that differ"),
        (lambda meta: meta.update(labels=["Walk", "Yoga"]), "labels of the head"),
        (lambda meta: meta.update(labels=["a", "b"], learnt=["a", "b"]), "other shapes"),
        (lambda meta: meta.update(learnt=None), "no sense"),
        (lambda meta: meta.update(head="perceptron"), "head"),
        (lambda meta: meta.update(head=["bilstm"]), "no sense"),
        (lambda meta: meta.update(sizes={"width": 9}), "other shapes"),
        (lambda meta: meta.update(sizes={"depth": 9}), "head sizes"),
        (lambda meta: meta.update(sizes={"width": -9}), "head sizes"),
        (lambda meta: meta.update(sizes=None), "sizes"),
        (lambda meta: meta.update(frames=0), "counts"),
        (lambda meta: meta.update(stride=17), "stride"),
        (lambda meta: meta.update(fps=float("inf")), "fps"),
        (lambda meta: meta.update(fps="8"), "no sense"),
        (lambda meta: meta.update(temperature=0), "temperature"),
        (lambda meta: meta.update(bias=float("nan")), "bias"),
        (lambda meta: meta.update(skew=0), "skew"),
        (lambda meta: meta.update(threshold=1.5), "threshold"),
        (lambda meta: meta.update(fit="crop"), "fit"),
        (lambda meta: meta.update(mean=[0.4, 0.4, 0.4]), "another normalisation"),
        (lambda meta: meta.update(backbone="no_such_network"), "no_such_network"),
    ],
)
def test_metadata_that_make_no_sense(
    model: Checkpoint, tmp_path: Path, change: Change, says: str
) -> None:
    assert says in refused(changed(model, tmp_path, change))


def _as_earlier(meta: dict[str, Any]) -> None:
    """Metadata as they were before heads were joined to Kinetics' classifier."""
    del meta["learnt"], meta["gate"]


def test_a_checkpoint_of_the_earlier_format_is_refused_in_one_line(
    model: Checkpoint, tmp_path: Path
) -> None:
    said = refused(changed(model, tmp_path, _as_earlier))
    assert said == (
        "The model changed.safetensors has metadata of another version (gate, learnt). Train it "
        "again with 'python -m har train', or restore the one that came with us."
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda meta: meta["labels"].reverse(), "labels of the head"),
        (lambda meta: meta["labels"].pop(), "labels of the head"),
        (lambda meta: meta["learnt"].reverse(), "labels of the head"),
        (lambda meta: meta.update(gate=None), "labels of the head"),
        (lambda meta: meta.update(gate=None, labels=meta["learnt"]), "other shapes"),
        (lambda meta: meta.update(backbone="tf_efficientnet_lite0"), "labels of the head"),
        (lambda meta: meta.update(gate=[]), "no sense"),
        (lambda meta: meta["gate"].pop("trust"), "no sense"),
        (lambda meta: meta["gate"]["trust"].pop(), "gate"),
        (lambda meta: meta["gate"]["mixing"].pop(), "gate"),
        (lambda meta: meta["gate"]["mixing"][0].append(0), "gate"),
        (lambda meta: meta["gate"]["mixing"][0].__setitem__(0, float("nan")), "gate"),
        (lambda meta: meta["gate"].update(temperatures=[1, 0]), "gate"),
        (lambda meta: meta["gate"].update(temperatures=[float("inf"), 1]), "gate"),
        (lambda meta: meta["gate"].update(temperatures=[1]), "no sense"),
    ],
)
def test_a_joint_model_of_other_labels_or_without_its_gate(
    joint: Checkpoint, tmp_path: Path, change: Change, says: str
) -> None:
    assert says in refused(changed(joint, tmp_path, change))


def test_a_gate_needs_two_labels_to_compare(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    made.joint(learnt=("Walk",)).save(path)
    assert "labels of the head" in refused(path)


@pytest.mark.parametrize(
    "exemplars",
    [
        torch.zeros(0, made.WIDTH),
        torch.zeros(made.WIDTH),
        torch.zeros(5, made.WIDTH + 1),
        torch.full((5, made.WIDTH), float("nan")),
    ],
    ids=["none", "one vector", "too wide", "not finite"],
)
def test_exemplars_that_nothing_can_be_compared_with(
    joint: Checkpoint, tmp_path: Path, exemplars: torch.Tensor
) -> None:
    path = tmp_path / "odd.safetensors"
    replace(joint, exemplars=exemplars).save(path)
    assert "exemplars" in refused(path)


@pytest.mark.parametrize("text", ["[]", "5", "null", '"har"', "[" * 5000])
def test_metadata_of_another_shape(model: Checkpoint, tmp_path: Path, text: str) -> None:
    path = tmp_path / "shape.safetensors"
    save_file(model.state, path, {"har": text})
    refused(path)


def test_without_a_hash(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "unsigned.safetensors"
    model.save(path)
    meta, state = opened(path)
    del meta["sha256"]
    save_file(state, path, {"har": json.dumps(meta)})
    assert "another version (sha256)" in refused(path)


def test_metadata_that_were_changed(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "swapped.safetensors"
    model.save(path)
    meta, state = opened(path)
    meta["labels"].reverse()
    save_file(state, path, {"har": json.dumps(meta)})
    assert "its hash differs" in refused(path)


@pytest.mark.parametrize("place", [-1, -5000, 0.5])
def test_one_bit_of_the_weights_that_was_changed(
    model: Checkpoint, tmp_path: Path, place: float
) -> None:
    path = tmp_path / "flipped.safetensors"
    model.save(path)
    data = bytearray(path.read_bytes())
    data[round(len(data) * place) if place > 0 else int(place)] ^= 1
    path.write_bytes(data)
    assert "its hash differs" in refused(path)


def test_weights_of_another_name(model: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "renamed.safetensors"
    model.save(path)
    meta, state = opened(path)
    state = {f"{name}x": tensor for name, tensor in state.items()}
    save_file(state, path, {"har": json.dumps(meta)})
    assert "its hash differs" in refused(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(model: Checkpoint, tmp_path: Path, value: float) -> None:
    state = {name: tensor.clone() for name, tensor in model.state.items()}
    state["lstm.weight_hh_l0"][0, 0] = value
    replace(model, state=state).save(tmp_path / "nan.safetensors")
    assert "not finite" in refused(tmp_path / "nan.safetensors")


def test_weights_that_are_missing(model: Checkpoint, tmp_path: Path) -> None:
    state = dict(model.state)
    del state["attention.score.0.weight"]
    replace(model, state=state).save(tmp_path / "less.safetensors")
    assert "other shapes" in refused(tmp_path / "less.safetensors")
