"""The table of ``har models``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import Settings
from har.models import listing, registry
from har.models.clip_networks import residual
from tests import checkpoints
from tests.models.clip_networks import saved


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each line but the first, by their first."""
    lines = [re.split(r" {2,}", line) for line in table.splitlines()[1:]]
    return {line[0]: line[1:] for line in lines}


def test_every_name_is_listed_with_what_it_needs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    found = rows(listing.table(settings, timed=False))
    assert list(found) == list(registry.NAMES)
    kind, clip, _, labels, weights = found["bilstm"]
    assert (kind, clip) == ("a head on i3d", f"32 x {checkpoints.SIZE} px at 12.5/s: 2.6 s")
    ours = registry.load(settings)
    assert (labels, weights) == (str(len(ours.labels)), settings.checkpoint.name)
    assert found["lstm"][-1] == "python -m har train --head lstm"
    assert found["i3d"] == [
        "with its weights", "32 x 192 px at 12.5/s: 2.6 s", "12.7 M", "400", "here",
    ]  # fmt: skip
    # As torchvision counts them.
    count = residual.weights("r3d_18").meta["num_params"]
    assert found["r3d_18"][2] == f"{count / 1e6:.1f} M"
    assert found["r3d_18"][-1] == "python -m har models --fetch r3d_18"
    assert found["timesformer"][1] == "8 x 224 px at 0.938/s: 8.5 s"
    path = registry.torchvision_file("r3d_18")
    path.parent.mkdir(parents=True)
    path.touch()
    assert rows(listing.table(settings, timed=False))["r3d_18"][-1] == "here"


@pytest.mark.slow
def test_what_else_was_fetched_is_listed(settings: Settings) -> None:
    folders = [registry.folder_for(settings, f"somebody/{name}") for name in ("gym", "broken")]
    for folder in folders:
        saved.save_attention("timesformer", folder)
    (folders[1] / "config.json").write_text("{}")
    found = rows(listing.table(settings, timed=True))
    assert list(found)[-2:] == ["somebody/broken", "somebody/gym"]
    kind, clip, parameters, labels, weights, seconds = found["somebody/gym"]
    assert (kind, clip) == ("a timesformer", "8 x 224 px at 0.938/s: 8.5 s")
    assert (parameters, labels, weights) == ("0.3 M", str(len(saved.LABELS)), "here")
    assert seconds.endswith("s")
    assert "another class than" in found["somebody/broken"][-1]


def test_the_time_of_a_clip_is_measured() -> None:
    assert 0.001 < listing.seconds_per_clip(residual.untrained("mc3_18")) < 30
