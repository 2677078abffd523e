"""Names of actions: the vocabulary, and labels as people write and read them."""

from har.models.labels.text import (
    MAX_LABEL_LENGTH,
    is_label,
    parse_labels,
    read_label_map,
    spaced,
)
from har.models.labels.vocabulary import VOCABULARY, Entry, Vocabulary, read

KINETICS400 = VOCABULARY.datasets["kinetics400"]
"""The 400 classes of Kinetics (Kay et al., arXiv 1705.06950), in the order of its networks."""
UCF101 = VOCABULARY.datasets["ucf101"]
"""The 101 classes of UCF101 (Soomro et al., 2012), the zero-shot vocabulary unless one is given."""

__all__ = [
    "KINETICS400",
    "MAX_LABEL_LENGTH",
    "UCF101",
    "VOCABULARY",
    "Entry",
    "Vocabulary",
    "is_label",
    "parse_labels",
    "read",
    "read_label_map",
    "spaced",
]
