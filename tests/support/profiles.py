"""How many examples Hypothesis draws: as many as a law asks for, or the share of them that another profile draws."""

import hypothesis

WHOLE = 100
"""The examples that a law draws by Hypothesis's own profiles, if it asks for no number."""


def settings(max_examples=WHOLE, **others):
    """Hypothesis's settings, with a number of examples that a profile of fewer than 100 reduces."""
    share = hypothesis.settings.default.max_examples / WHOLE
    return hypothesis.settings(max_examples=round(max_examples * share), **others)
