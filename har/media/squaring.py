"""How pictures become square, in ffmpeg's filters."""

from __future__ import annotations

from dataclasses import dataclass, field

from har.types import Fit

Value = int | str


@dataclass(frozen=True)
class Filter:
    """One of ffmpeg's, with its arguments."""

    name: str
    values: tuple[Value, ...]
    named: dict[str, Value] = field(default_factory=dict)


def squaring(fit: Fit) -> list[Filter]:
    """The filters that make a picture a square of ``fit.size`` in RGB."""
    rgb = Filter("format", ("rgb24",))
    if fit.scaled is None:
        return [Filter("scale", (fit.size, fit.size), {"flags": "bicubic"}), rgb]
    height, width = _scaled(fit.scaled)
    top, left = fit.corner or ("(ih-oh)/2", "(iw-ow)/2")
    # What networks are trained with. Cut last, since colours at half resolution have no odd corner.
    scale = Filter("scale", (width, height), {"flags": "bilinear"})
    return [scale, rgb, Filter("crop", (fit.size, fit.size, left, top))]


def _scaled(scaled: tuple[int, int] | int) -> tuple[Value, Value]:
    """Height and width, as ffmpeg computes them from a picture's own."""
    if isinstance(scaled, int):
        side = f"trunc({{}}*{scaled}/min(iw,ih))"
        return side.format("ih"), side.format("iw")
    return scaled
