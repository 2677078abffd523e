"""How pictures become those that the networks see, in ffmpeg's filters."""

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

    @property
    def arguments(self) -> str:
        """As a text, for PyAV."""
        named = (f"{name}={value}" for name, value in self.named.items())
        return ":".join([*map(str, self.values), *named])


def resizing(fit: Fit, first: tuple[int, int] | None = None) -> list[Filter]:
    """The filters that make a picture what ``fit`` says, in RGB.

    ``first`` is the height and width that the stream's first picture got, to which a whole picture
    is squashed, so that they can be stacked.
    """
    rgb = Filter("format", ("rgb24",))
    if fit.longest is not None:
        return [_scale(*(first or _own_shape(fit.size, fit.longest))), rgb]
    if fit.scaled is None:
        return [_scale(fit.size, fit.size, "bicubic"), rgb]
    top, left = fit.corner or ("(ih-oh)/2", "(iw-ow)/2")
    # Cut last, since colours at half resolution have no odd corner.
    cut = Filter("crop", (fit.size, fit.size, left, top))
    return [_scale(*_scaled(fit.scaled)), rgb, cut]


def _scale(height: Value, width: Value, flags: str = "bilinear") -> Filter:
    """Bilinear is what networks are trained with."""
    return Filter("scale", (width, height), {"flags": flags})


def _scaled(scaled: tuple[int, int] | int) -> tuple[Value, Value]:
    """Height and width, as ffmpeg computes them from a picture's own."""
    if isinstance(scaled, int):
        side = f"trunc({{}}*{scaled}/min(iw,ih))"
        return side.format("ih"), side.format("iw")
    return scaled


def _own_shape(size: int, longest: int) -> tuple[str, str]:
    """Height and width as in Fit.shape(), as ffmpeg computes them from a picture's own and from
    the shape of its pixels."""
    longer = f"min({longest},2*trunc({size}*{{}}/2+0.5))"
    height = f"if(gte(dar,1),{size},{longer.format('(1/dar)')})"
    width = f"if(gte(dar,1),{longer.format('dar')},{size})"
    return height, width
