"""Write ``static/js/actions.js``, the words of the vocabulary for the page::

python -m tests.web.action_words
"""

from __future__ import annotations

import json

from config import ROOT
from har.models.labels import VOCABULARY

FILE = ROOT / "static" / "js" / "actions.js"


def script() -> str:
    """What the file must hold."""
    words = {entry.label: entry.words for entry in VOCABULARY}
    return (
        "// What people read for labels; written by tests/web/action_words.py.\n"
        f"\nexport const WORDS = {json.dumps(words, ensure_ascii=False, indent=0)};\n"
    )


if __name__ == "__main__":
    FILE.write_text(script(), "utf-8")
