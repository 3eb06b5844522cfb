"""The number of examples that Hypothesis draws: the number that a law declares, or a share of it in a smaller profile."""

import hypothesis

WHOLE = 100
"""The number of examples in Hypothesis's own profiles, if a law declares no number."""


def settings(max_examples=WHOLE, **others):
    """Hypothesis's settings. A profile of fewer than 100 examples reduces the number of examples."""
    share = hypothesis.settings.default.max_examples / WHOLE
    return hypothesis.settings(max_examples=round(max_examples * share), **others)
