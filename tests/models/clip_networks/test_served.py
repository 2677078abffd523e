"""The service with a clip network in the place of our own model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.models.clip_networks import saved
from tests.serving import PATIENCE, serving


@pytest.mark.slow
@pytest.mark.service
def test_a_job_and_its_exports(
    here: Path, samples: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    real = str(samples / "real/gymnastics.mp4")
    video = make_video("served.mp4", "-i", real, "-t", "4", "-vf", "scale=160:-2")
    with serving(tmp_path, model=here / "videomae") as service:
        answer = service.predict(video=video, threshold="0")
        assert answer.status_code == 200, answer.text
        result = answer.json()
        assert {segment["source"] for segment in result["segment_predictions"]} == {"videomae"}
        assert {action["label"] for action in result["timeline"]} <= set(saved.KNOWN_AS)
        assert result["models"]["trained"] == "videomae (videomae)"
        base = f"{service.url}/jobs/{result['id']}"
        for format in ("json", "csv", "vtt", "srt", "eaf", "chapters"):
            found = requests.get(f"{base}/export/{format}", timeout=PATIENCE)
            assert found.status_code == 200, found.text
            assert result["timeline"][0]["label"] in found.text
        rows = {
            source: requests.get(f"{base}/export/csv?source={source}", timeout=PATIENCE).text
            for source in ("videomae", "r3d_18")
        }
        assert "videomae" in rows["videomae"]
        assert "videomae" not in rows["r3d_18"]
