"""What we depend on has a version below which it is not used."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from config import ROOT
from har import doctor

FILES = sorted(path.name for path in ROOT.glob("requirements*.txt"))


def requirements(name: str) -> list[Requirement]:
    lines = Path(ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def lowest(requirement: Requirement) -> Version:
    bounds = [Version(s.version) for s in requirement.specifier if s.operator == ">="]
    assert len(bounds) == 1, f"{requirement} has no lower bound"
    return bounds[0]


@pytest.mark.parametrize("name", FILES)
def test_each_has_a_lower_bound_that_holds_here(name: str) -> None:
    for requirement in requirements(name):
        assert Version(metadata.version(requirement.name)) >= lowest(requirement)


def test_yt_dlp_is_not_older_than_the_doctor_wants_it() -> None:
    (yt_dlp,) = (r for r in requirements("requirements.txt") if r.name == "yt-dlp")
    assert lowest(yt_dlp) == Version(doctor._YT_DLP)
