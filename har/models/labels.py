"""Names of actions: the vocabulary of the zero-shot models and how people see it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from har.errors import BadLabels, ConfigError

UCF101: tuple[str, ...] = tuple(
    """
    ApplyEyeMakeup ApplyLipstick Archery BabyCrawling BalanceBeam BandMarching BaseballPitch
    Basketball BasketballDunk BenchPress Biking Billiards BlowDryHair BlowingCandles
    BodyWeightSquats Bowling BoxingPunchingBag BoxingSpeedBag BreastStroke BrushingTeeth
    CleanAndJerk CliffDiving CricketBowling CricketShot CuttingInKitchen Diving Drumming Fencing
    FieldHockeyPenalty FloorGymnastics FrisbeeCatch FrontCrawl GolfSwing Haircut Hammering
    HammerThrow HandstandPushups HandstandWalking HeadMassage HighJump HorseRace HorseRiding
    HulaHoop IceDancing JavelinThrow JugglingBalls JumpingJack JumpRope Kayaking Knitting LongJump
    Lunges MilitaryParade Mixing MoppingFloor Nunchucks ParallelBars PizzaTossing PlayingCello
    PlayingDaf PlayingDhol PlayingFlute PlayingGuitar PlayingPiano PlayingSitar PlayingTabla
    PlayingViolin PoleVault PommelHorse PullUps Punch PushUps Rafting RockClimbingIndoor
    RopeClimbing Rowing SalsaSpin ShavingBeard Shotput SkateBoarding Skiing Skijet SkyDiving
    SoccerJuggling SoccerPenalty StillRings SumoWrestling Surfing Swing TableTennisShot TaiChi
    TennisSwing ThrowDiscus TrampolineJumping Typing UnevenBars VolleyballSpiking WalkingWithDog
    WallPushups WritingOnBoard YoYo
    """.split()
)
"""The 101 classes of UCF101 (Soomro et al., 2012), the zero-shot vocabulary unless one is given."""

MAX_LABEL_LENGTH = 100

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def spaced(label: str) -> str:
    """A label as people read it: ``SitDown`` is ``Sit Down``; text with spaces stays as it is."""
    return label if " " in label else _WORD_START.sub(" ", label.replace("_", " "))


def parse_labels(text: str, most: int) -> tuple[str, ...]:
    """The labels of a comma-separated list, in order, each once.

    Raises BadLabels for an empty list or name, for more than ``most``, and for names that are too
    long or hold control characters.
    """
    labels = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if "" in labels:
        raise BadLabels("A label is empty. Separate labels with single commas: Juggling,Surfing.")
    if len(labels) > most:
        raise BadLabels(f"There are {len(labels)} labels; {most} are allowed.")
    if not all(is_label(label) for label in labels):
        raise BadLabels(f"Labels are printable text of at most {MAX_LABEL_LENGTH} characters each.")
    return labels


def read_label_map(path: Path) -> dict[str, str]:
    """Labels and the sentences that describe them, from an ``extended_label_map.json``.

    Raises ConfigError for anything but a JSON object of printable texts, with names as
    parse_labels() takes them.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise ConfigError("The file that HAR_LABEL_MAP names cannot be read as JSON.") from None
    if not isinstance(entries, dict) or not all(
        is_label(name) and isinstance(text, str) and text.isprintable()
        for name, text in entries.items()
    ):
        raise ConfigError('The label map must look like {"Label": "a sentence", ...}.')
    return entries


def is_label(text: str) -> bool:
    """Whether a text can be a label: printable, not too long, with no space around it."""
    return 1 <= len(text.strip()) == len(text) <= MAX_LABEL_LENGTH and text.isprintable()
