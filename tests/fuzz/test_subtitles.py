"""Whatever a label is, libass shows it as it is, on the line that it was given."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from har.captions import caption
from har.media.annotate import subtitles
from har.models.labels import spaced
from har.types import UNKNOWN, Action, VideoFacts
from tests.fuzz.inputs import LABELS

VIDEO = VideoFacts(Path("v.mp4"), 0.0, 4.0, 320, 240, 25.0, "mov", "h264", None)
COMMANDS = ["{", "}", "\\", "N", "n", "h", "\\p1", "{\\fs1}", "%{pts}", "\n", "\r", "\0", "\u2028"]
HOSTILE = st.lists(st.sampled_from(COMMANDS) | st.characters(), min_size=1).map("".join)
WORD_JOINER = "\u2060"


def shown(text: str) -> str:
    """What libass shows of an event's text, with ``\\1`` for each block of overrides."""
    escapes = {"\\N": "\n", "\\n": " ", "\\h": "\u00a0", "\\{": "{", "\\}": "}"}
    token = re.compile(r"\\[Nnh{}]|\{[^}]*\}|.", re.DOTALL)

    def read(found: re.Match[str]) -> str:
        piece = found[0]
        return "\1" if piece[0] == "{" and len(piece) > 1 else escapes.get(piece, piece)

    return token.sub(read, text).replace(WORD_JOINER, "")


def events(script: str) -> list[str]:
    """The text of each event of a script, as libass takes its lines apart."""
    assert "\0" not in script, "libass would read no further"
    lines = re.split(r"[\r\n]+", script.partition("[Events]")[2])
    return [line.split(",", 9)[9] for line in lines if line.startswith("Dialogue:")]


@given(st.lists(HOSTILE | LABELS, min_size=1, max_size=3))
@example(["{\\p1}m 0 0 l 500 0 500 500", "%{pts}", "\\N", "{\\fs1}"])
@example(["\\{\\p1}", "a\\", "\\\\N", "{" * 3])
@example(["a\nDialogue: 0,0:00:00.00,0:00:09.00,Label,,0,0,0,,b", "\ud800"])
def test_labels_show_as_they_are(labels: list[str]) -> None:
    timeline = [Action(i, i + 1, label, 0.5, "clip") for i, label in enumerate(labels)]
    script = subtitles(VIDEO, timeline)
    script.encode()
    found = [shown(text) for text in events(script)]
    assert found == [visible(caption(action)) for action in timeline]
    assert all(text.isprintable() for text in found)


def visible(text: str) -> str:
    """The text with a space for each character that cannot be seen."""
    return "".join(c if c.isprintable() else " " for c in text)


@given(LABELS)
def test_good_labels_show_whole(label: str) -> None:
    (found,) = events(subtitles(VIDEO, [Action(0, 1, label, 0.5, "clip")]))
    assert shown(found) == (UNKNOWN if label == UNKNOWN else f"{spaced(label)}  50%  CLIP")
