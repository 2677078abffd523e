"""What several parsers are given."""

from __future__ import annotations

from hypothesis import strategies as st

from har.models.labels import MAX_LABEL_LENGTH

VISIBLE = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=","), min_size=1)
LABELS = (
    st.lists(VISIBLE, min_size=1, max_size=4)
    .map(" ".join)
    .filter(lambda text: len(text) <= MAX_LABEL_LENGTH)
)
"""Those that may be sent."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)

NUMBERS = (
    st.integers().map(str)
    | st.floats().map(str)
    | st.text("0123456789.+-_eE ²٣", max_size=8)
    # Python makes no int of more digits than 4300.
    | st.integers(1, 5000).map(lambda digits: "9" * digits)
    | st.text()
)
"""What is or looks like a number."""
