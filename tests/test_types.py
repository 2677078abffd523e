"""What is shown of pictures of all shapes."""

from __future__ import annotations

import pytest

from har.types import Fit


@pytest.mark.parametrize(
    ("sides", "shape"),
    [
        ((1920, 1080), (176, 312)),
        ((1080, 1920), (312, 176)),
        ((640, 480), (176, 234)),
        ((100, 100), (176, 176)),
        ((64, 36), (176, 312)),
        ((2560, 1080), (176, 400)),
        ((3000, 1000), (176, 400)),
        ((4000, 1), (176, 400)),
        ((1, 4000), (400, 176)),
        ((16 / 9, 1), (176, 312)),
    ],
)
def test_a_whole_picture_keeps_its_shape_up_to_the_longest(
    sides: tuple[float, float], shape: tuple[int, int]
) -> None:
    fit = Fit(176, longest=400)
    assert fit.shape(*sides) == shape
    assert fit.makes(*shape)


def test_no_other_pictures_are_made() -> None:
    whole, square = Fit(176, longest=400), Fit(112, (128, 171))
    assert not any(
        whole.makes(*sides) for sides in ((175, 175), (176, 401), (402, 176), (200, 200))
    )
    assert square.makes(112, 112)
    assert not any(square.makes(*sides) for sides in ((112, 113), (128, 171), (0, 0)))


@pytest.mark.parametrize("fit", [Fit(224), Fit(224, 256), Fit(112, (128, 171), (8, 29))])
def test_a_square_is_one_whatever_the_picture(fit: Fit) -> None:
    assert {fit.shape(1920, 1080), fit.shape(9, 16), fit.typical} == {(fit.size, fit.size)}


@pytest.mark.parametrize(
    ("fit", "ratio"),
    [
        (Fit(224), 2.0),
        (Fit(176, longest=300), 2.0),
        (Fit(224, 256), 1.0),
        (Fit(64, (64, 128)), 1.0),
        (Fit(64, (128, 128)), 2.0),
    ],
)
def test_the_ratio_is_that_of_the_part_that_is_shown(fit: Fit, ratio: float) -> None:
    assert fit.ratio(2.0) == ratio
