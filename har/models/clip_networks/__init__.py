"""Networks that score a whole clip at once, as their libraries bring them.

Their weights come from local files only; :mod:`har.models.fetching` is what downloads them.
"""

THRESHOLD = 0.5
"""Confidence below which the zero-shot model is asked. Chosen, not measured: their confidence is a
softmax over some 400 labels that no held-back videos have calibrated. Below a half, the others
together are at least as likely as the first."""
