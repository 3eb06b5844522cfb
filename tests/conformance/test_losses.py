"""The docs list all losses: each row of their table is a condition of the law, and occurs."""

import re
from pathlib import Path

import pytest
from jobs import one_host
from losses import BY_NAME, EVERYTHING, LOSSES, SDK, SHELL_ENTRY_POINT, TOOLKIT, UNQUOTING, VARIABLES

PAGE = Path(__file__).parents[2] / "docs" / "routes.md"


def test_the_docs_list_the_losses_that_the_law_allows():
    section = PAGE.read_text(encoding="utf-8").partition("## What is lost before a script starts")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", section, re.MULTILINE)[2:]

    assert rows == [(loss.route, loss.what) for loss in LOSSES]


# For each loss, in order: the platform, the route, and the hyperparameters, each with its kind. One of them is lost.
HAPPENING = [
    (TOOLKIT, BY_NAME, [("x", "null text", None)]),
    (TOOLKIT, BY_NAME, [("x", "text", "null")]),
    (SDK, BY_NAME, [("a-b", "int", 1), ("a_b", "int", 2)]),
    (SHELL_ENTRY_POINT, BY_NAME, [("a-b", "int", 1)]),
    (SDK, VARIABLES, [("x", "text", "it's 'q'")]),
    (UNQUOTING, EVERYTHING, [("x", "text", "q;z")]),
]


@pytest.mark.parametrize(("loss", "happening"), list(zip(LOSSES, HAPPENING)), ids=[loss.route for loss in LOSSES])
def test_each_loss_happens(start, loss, happening):
    platform, route, declared = happening
    job = one_host(*declared)

    assert len(LOSSES) == len(HAPPENING)
    assert not job.arrives_in(start(platform, job).result[route])
