"""The docs say what the code does; they fail here when they do not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import config
from docs import generate
from har import errors

DOCS = config.ROOT / "docs"
PAGES = [config.ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("name", generate.GENERATED)
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == generate.GENERATED[name](), "run: make docs"


def leaves(error: type[errors.HarError]) -> Iterator[type[errors.HarError]]:
    yield error
    for subclass in error.__subclasses__():
        yield from leaves(subclass)


# Families, and errors of the command line and the start, which no request gets.
NOT_IN_THE_API = {
    "bad_request",
    "bad_video",
    "file_missing",
    "bad_setting",
    "bad_manifest",
    "tool_missing",
}


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"\| `(\w+)` \| (\d+) \|", (DOCS / "api.md").read_text("utf-8"))
    documented = {code: int(status) for code, status in rows}
    real = {e.code: e.status for e in leaves(errors.HarError) if e.code not in NOT_IN_THE_API}
    assert documented == real


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: object) -> None:
    text = page.read_text("utf-8")  # type: ignore[attr-defined]
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target  # type: ignore[attr-defined]


def test_every_command_is_documented() -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "har", "--help"], capture_output=True, text=True, cwd=config.ROOT
    ).stdout
    commands = re.findall(r"^ {4}(\w+) ", help_, re.MULTILINE)
    assert len(commands) >= 7
    page = (DOCS / "commands.md").read_text("utf-8")
    assert all(f"| `{command}" in page for command in commands)


def test_make_targets_of_the_readme_exist() -> None:
    text = (config.ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"make ([a-z-]+)", text)) - {"and"}
    makefile = (config.ROOT / "Makefile").read_text("utf-8")
    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_layout_names_what_is_there() -> None:
    text = (DOCS / "architecture.md").read_text("utf-8")
    layout = text.split("## Layout")[1].split("```")[1]
    for name in re.findall(r"^  (\w+(?:\.py|/))", layout, re.MULTILINE):
        assert (config.ROOT / "har" / name).exists(), name
