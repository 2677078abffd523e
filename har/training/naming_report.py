"""What was said of videos that come with all names that are right for them, as people read it."""

from __future__ import annotations

from har.models.labels import spaced
from har.training.naming import Naming, Said
from har.training.tables import table

_NAMES = {
    "top1": "right at first (top-1)",
    "top5": "among the first five (top-5)",
    "named_right": "named right for most of the time",
    "named_wrong": "wrongly named for most of the time",
    "unknown": "Unknown for most of the time",
    "background": "taken for background, most of the time",
    "unusable": "could not be opened, which counts as wrong",
}
_TOLD = {"near": "wrong, but near", "unusable": "could not be opened"}


def lines(naming: Naming, runs: int) -> list[str]:
    """The numbers, and every video that was not named right, for a terminal."""
    found = [f"{naming.videos // runs} videos that come with all names that are right for them:"]
    found += [f"{title:<48} {_share(naming, name)}" for name, title in _NAMES.items()]
    found += ["", f"{'source':<24} clips  right"]
    for name, share in naming.per_source.items():
        found.append(f"{name:<24} {share.videos // runs:>5} {share.top1:>6.1%}")
    missed = [one for one in naming.said if one.outcome != "right"]
    if missed:
        found += ["", "what was said of those that were not named right:"]
        found += [f"  {_outcome(one):<20} {one.file} ({one.label}): {one.said}" for one in missed]
    return found


def section(naming: Naming, runs: int) -> str:
    """The numbers, and what was said of every video, in Markdown."""
    numbers = [(title, _share(naming, name)) for name, title in _NAMES.items()]
    sources = [
        (name, share.videos // runs, f"{share.top1:.1%}")
        for name, share in naming.per_source.items()
    ]
    said = [
        (f"`{one.file}`", spaced(one.label), _outcome(one), spaced(one.said), _top5(one))
        for one in naming.said
    ]
    return f"""\
## Names that are right

{naming.videos // runs} videos come with all names that are right for them. The first two numbers
are of the mean over a video's clips. The others are of the label that holds for most of its
timeline, where a clip is Unknown whose confidence is below the threshold; to take an action for
background is not right, and no wrong name either.

{table(("", "share of the videos"), numbers)}

{table(("source", "videos", "named right"), sources)}

### What was said of each video

{table(("video", "what it was", "outcome", "what was said", "first five of the mean"), said)}"""


def _share(naming: Naming, name: str) -> str:
    return f"{getattr(naming, name):.1%}"


def _outcome(said: Said) -> str:
    return _TOLD.get(said.outcome, said.outcome)


def _top5(said: Said) -> str:
    return ", ".join(f"{spaced(label)} {probability:.2f}" for label, probability in said.top5)
