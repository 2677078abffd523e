"""How the page writes and colours labels, asked of the module it uses."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from har.models.labels import UCF101, spaced

LABELS = "import('/static/js/labels.js')"
INK = (0x0C, 0x0D, 0x10)
"""The colour of the text on a segment, of ``.segment`` in watch.css."""


@pytest.fixture
def colours(page: Page) -> Any:
    """``colours(labels)``: the colours that the page paints them in, as r, g, b in 0..255."""
    page.goto("/")

    def painted(labels: list[str]) -> list[list[int]]:
        return page.evaluate(
            f"""async (labels) => {{
                const colourOf = (await {LABELS}).colouring(labels);
                const brush = new OffscreenCanvas(1, 1).getContext(
                    "2d", {{ willReadFrequently: true }},
                );
                return labels.map((label) => {{
                    brush.fillStyle = colourOf(label);
                    brush.fillRect(0, 0, 1, 1);
                    return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
                }});
            }}""",
            labels,
        )

    return painted


def test_labels_are_spaced_as_in_the_annotated_video(page: Page) -> None:
    page.goto("/")
    names = [*UCF101, "Unknown", "riding a horse", "snake_case", "HTMLPage", "x2Yoga", "NoFight"]
    script = f"async (names) => {{ const m = await {LABELS}; return names.map(m.spaced); }}"
    assert page.evaluate(script, names) == [spaced(n) for n in names]


def test_a_label_keeps_its_colour_whatever_it_is_shown_with(colours: Any) -> None:
    alone = [colours([label])[0] for label in UCF101[:20]]
    assert alone == [colours([label, "Unknown"])[0] for label in UCF101[:20]]
    assert len({tuple(c) for c in alone}) >= 6
    together = ["Walk", "TurnAround", "SitDown", "StandUp", "JumpingJack", "PushUps"]
    assert [colours([label])[0] for label in together] == colours(together)


def test_the_labels_of_one_video_are_told_apart(colours: Any) -> None:
    for first in range(0, 96, 8):
        shown = colours([*UCF101[first : first + 8], "Unknown"])
        distances = [
            sum(abs(a - b) for a, b in zip(x, y, strict=True))
            for i, x in enumerate(shown)
            for y in shown[:i]
        ]
        assert min(distances) > 25


def test_every_colour_carries_dark_text(colours: Any) -> None:
    for colour in colours([*UCF101, "Unknown"]):
        assert contrast(colour, INK) >= 4.5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (9.96, "0:10.0"), (59.96, "1:00.0"), (83.24, "1:23.2"), (3725.5, "1:02:05.5")],
)
def test_times_are_written_as_clocks(page: Page, seconds: float, text: str) -> None:
    page.goto("/")
    assert page.evaluate(f"async (s) => (await {LABELS}).clock(s)", seconds) == text


def contrast(a: Any, b: Any) -> float:
    """WCAG 2 contrast ratio of two colours."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Any) -> float:
    parts = [c / 255 for c in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
