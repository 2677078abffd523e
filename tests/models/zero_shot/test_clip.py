from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from har.errors import CheckpointError
from har.models.labels import UCF101, spaced
from har.models.zero_shot.background import NEUTRAL, beside
from har.models.zero_shot.clip import ClipZeroShot
from tests.models.zero_shot.tiny_clip import IMAGE_SIZE, TEXT_LENGTH, save_tiny_clip

LABELS = ("PushUps", "SitDown", "Yoga", "juggling three balls")


@pytest.fixture(scope="module")
def clip(tiny_clip: Path) -> ClipZeroShot:
    return ClipZeroShot(str(tiny_clip), "tiny", {})


@pytest.fixture(scope="module")
def reference(tiny_clip: Path) -> Any:
    """The same weights in float32, run by nothing but the library."""
    return CLIPModel.from_pretrained(tiny_clip, dtype=torch.float32).eval()


def frames(count: int, height: int = IMAGE_SIZE, width: int = IMAGE_SIZE) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def watch_images(clip: ClipZeroShot, pixels: NDArray[np.uint8]) -> torch.Tensor:
    """What the picture tower gets to see of the frames."""
    seen: list[torch.Tensor] = []
    hook = clip._model.vision_model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["pixel_values"]), with_kwargs=True
    )
    clip.embed(pixels)
    hook.remove()
    return seen[0].cpu()


def watch_tokens(clip: ClipZeroShot, labels: tuple[str, ...]) -> list[tuple[int, ...]]:
    """The shapes of the tokens that the text tower gets to score a clip against the labels."""
    seen: list[tuple[int, ...]] = []
    hook = clip._model.text_model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    clip.scores(torch.ones(24), labels)
    hook.remove()
    return seen


def test_each_frame_has_a_unit_vector_of_its_own(clip: ClipZeroShot) -> None:
    vectors = clip.embed(frames(5))
    assert vectors.shape == (5, 24)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1).cpu(), torch.ones(5))
    assert len({tuple(v) for v in vectors.tolist()}) == 5


def test_a_frame_has_the_same_vector_in_any_batch(clip: ClipZeroShot) -> None:
    pixels = frames(6)
    alone = torch.cat([clip.embed(pixels[i : i + 1]) for i in range(6)])
    together = clip.embed(pixels)
    assert torch.cosine_similarity(alone, together).min() > 0.999


def test_vectors_are_those_of_the_library_in_float32(clip: ClipZeroShot, reference: Any) -> None:
    """Whatever number format this machine runs best."""
    pixels = frames(8)
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - MEAN) / STD
    with torch.inference_mode():
        expected = reference.get_image_features(images).pooler_output
    found = clip.embed(pixels).cpu()
    assert torch.cosine_similarity(found, expected).min() > 0.999


def test_scores_are_those_of_the_library(
    clip: ClipZeroShot, reference: Any, tiny_clip: Path
) -> None:
    pixels = frames(1)
    sentences = [
        "a video of a person doing push-ups",
        "a video of a person doing sitting down",
        "a video of a person doing yoga",
        "a video of a person doing juggling three balls",
        *(
            name if name in NEUTRAL else f"a video of a person doing {spaced(name).lower()}"
            for name in beside(LABELS)[len(LABELS) :]
        ),
    ]
    tokens = CLIPTokenizer.from_pretrained(tiny_clip)(
        sentences,
        padding="max_length",
        truncation=True,
        max_length=TEXT_LENGTH,
        return_tensors="pt",
    )
    images = CLIPImageProcessor.from_pretrained(tiny_clip)(list(pixels), return_tensors="pt")
    with torch.inference_mode():
        expected = reference(**tokens, **images).logits_per_image.softmax(dim=1)[0]
    found = clip.scores(clip.embed(pixels)[0], LABELS)
    assert found.shape == (4,)
    few = expected[:4]
    assert few.max() > 1.2 * few.min(), "the labels must differ for this to say anything"
    torch.testing.assert_close(found, few, atol=0, rtol=0.1)


@pytest.mark.parametrize("label", ["an elephant on the moon", "Zxq", "Yoga"])
def test_a_label_alone_is_not_certain(clip: ClipZeroShot, label: str) -> None:
    """What is asked is scored against what nobody asked for, too."""
    [score] = clip.scores(clip.embed(frames(1))[0], (label,)).tolist()
    assert 0 < score < 0.1


def test_a_score_does_not_depend_on_how_many_others_are_asked(clip: ClipZeroShot) -> None:
    embedding = clip.embed(frames(4)).mean(dim=0)
    [alone] = clip.scores(embedding, ("juggling three balls",)).tolist()
    for others in (("Yoga", "an elephant on the moon"), UCF101):
        among = clip.scores(embedding, ("juggling three balls", *others))[0].item()
        assert among == pytest.approx(alone, rel=0.25)


def test_of_a_clip_the_mean_is_kept(clip: ClipZeroShot) -> None:
    """It can tell without what the trained model saw."""
    pixels = frames(6)
    vectors = clip.embed(pixels[::3])
    torch.testing.assert_close(clip.of_clip(vectors, pixels, None), vectors.mean(dim=0))
    torch.testing.assert_close(clip.of_clip(vectors, pixels, torch.zeros(400)), vectors.mean(dim=0))


def test_scores_go_with_their_labels_in_any_order(clip: ClipZeroShot) -> None:
    embedding = clip.embed(frames(4)).mean(dim=0)
    forwards = dict(zip(LABELS, clip.scores(embedding, LABELS).tolist(), strict=True))
    backwards = clip.scores(embedding, LABELS[::-1]).tolist()
    for label, score in zip(LABELS[::-1], backwards, strict=True):
        assert score == pytest.approx(forwards[label], abs=2e-3)


def test_length_of_the_mean_does_not_matter(clip: ClipZeroShot) -> None:
    embedding = clip.embed(frames(4)).mean(dim=0)
    torch.testing.assert_close(clip.scores(embedding, LABELS), clip.scores(3 * embedding, LABELS))


def test_text_is_embedded_once_and_without_idle_padding(tiny_clip: Path) -> None:
    clip = ClipZeroShot(str(tiny_clip), "tiny", {})
    [(count, _)] = watch_tokens(clip, LABELS[:2])
    assert count == len(beside(LABELS[:2]))
    assert watch_tokens(clip, LABELS[:2]) == []
    assert watch_tokens(clip, LABELS[:1]) == []
    [(count, length)] = watch_tokens(clip, (*LABELS[:2], "made up", "made up"))
    assert count == 1
    assert length < TEXT_LENGTH
    assert watch_tokens(clip, LABELS[:2]) == []


def test_padding_does_not_change_a_label(clip: ClipZeroShot, tiny_clip: Path) -> None:
    embedding = clip.embed(frames(2)).mean(dim=0)
    short, long = ("Yoga", "Run"), ("Yoga", "Run", "x " * 20)
    other = ClipZeroShot(str(tiny_clip), "tiny", {})
    a, b = clip.scores(embedding, short), other.scores(embedding, long)
    torch.testing.assert_close(a[0] / a[1], b[0] / b[1], atol=0.02, rtol=0)


def test_a_label_longer_than_the_model_reads_is_cut(clip: ClipZeroShot) -> None:
    clip.scores(torch.ones(24), ("Row",))
    assert watch_tokens(clip, ("a" * 100, "Row")) == [(1, TEXT_LENGTH)]


def test_a_description_speaks_for_its_label(clip: ClipZeroShot, tiny_clip: Path) -> None:
    described = ClipZeroShot(str(tiny_clip), "tiny", {"Yoga": "a video of a person doing plank"})
    embedding = clip.embed(frames(2)).mean(dim=0)
    a = described.scores(embedding, ("Yoga", "Run"))
    b = clip.scores(embedding, ("plank", "Run"))
    torch.testing.assert_close(a[0] / a[1], b[0] / b[1], atol=0.02, rtol=0)


MEAN = torch.tensor(OPENAI_CLIP_MEAN).view(3, 1, 1)
STD = torch.tensor(OPENAI_CLIP_STD).view(3, 1, 1)


@pytest.mark.parametrize("processor", [True, False], ids=["own processor", "no processor"])
def test_pictures_are_normalised_as_clip_was_trained(tmp_path: Path, processor: bool) -> None:
    clip = ClipZeroShot(str(save_tiny_clip(tmp_path / "m", processor=processor)), "tiny", {})
    pixels = frames(3)
    expected = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - MEAN) / STD
    torch.testing.assert_close(watch_images(clip, pixels), expected, atol=1e-5, rtol=0)


def test_the_models_own_normalisation_wins(tmp_path: Path) -> None:
    folder = save_tiny_clip(tmp_path / "m")
    size = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    CLIPImageProcessor(
        crop_size=size, size=size, image_mean=[0.5] * 3, image_std=[0.5] * 3
    ).save_pretrained(folder)
    white = np.full((1, IMAGE_SIZE, IMAGE_SIZE, 3), 255, np.uint8)
    seen = watch_images(ClipZeroShot(str(folder), "tiny", {}), white)
    torch.testing.assert_close(seen, torch.ones_like(seen))


def test_frames_of_another_size_are_scaled_and_cropped_upright(clip: ClipZeroShot) -> None:
    """Twice as wide as high: the outer quarters go, and left stays left, top stays top."""
    pixels = np.zeros((2, 64, 128, 3), np.uint8)
    pixels[:, :32, 64:, 0] = 255  # red at the top right
    pixels[:, 32:, :64, 2] = 255  # blue at the bottom left
    pixels[:, :, :32, 1] = pixels[:, :, 96:, 1] = 255  # green in what is cut off
    seen = (watch_images(clip, pixels) * STD + MEAN)[0]
    assert seen.shape == (3, IMAGE_SIZE, IMAGE_SIZE)
    half, edge = IMAGE_SIZE // 2, 2
    assert seen[0, : half - edge, half + edge :].min() > 0.95
    assert seen[2, half + edge :, : half - edge].min() > 0.95
    assert seen[0, :, : half - edge].max() < 0.05
    assert seen[1, :, edge:-edge].max() < 0.05


def test_pickled_weights_are_refused(tiny_clip: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_clip, tmp_path / "pickled")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(OSError, match="safetensors"):
        ClipZeroShot(str(folder), "tiny", {})


def test_weights_with_gaps_are_refused(tiny_clip: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_clip, tmp_path / "gaps")
    tensors = load_file(folder / "model.safetensors")
    kept = {k: v for k, v in tensors.items() if not k.startswith("text_projection")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not those of a CLIP"):
        ClipZeroShot(str(folder), "tiny", {})


def test_threads_may_share_one(tiny_clip: Path) -> None:
    """A question about other labels is answered while a job is at work."""
    vocabularies = [(*LABELS, f"made up {n}") for n in range(24)]
    alone, shared = (ClipZeroShot(str(tiny_clip), "tiny", {}) for _ in range(2))
    for clip in (alone, shared):
        # The job's. Else they are embedded with whichever question is first, and in bfloat16 a
        # label by itself comes out a little different from one among others.
        clip.scores(torch.ones(24), LABELS)
    expected = [alone.scores(torch.ones(24), labels) for labels in vocabularies]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda labels: shared.scores(torch.ones(24), labels), vocabularies))
    for mine, theirs in zip(told, expected, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)
