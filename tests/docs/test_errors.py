"""The pages of errors have every message of the package, and no other."""

import re

import pytest
from messages import collect
from pages import DOCS

PAGES = [DOCS / "reference" / f"{name}.md" for name in ("errors", "errors-command", "errors-launch", "errors-testing")]
MESSAGES = sorted(set(collect()), key=str)
TEXTS = sorted({message.text for message in MESSAGES if message.text})
SAYING_NOTHING = {"... ...", "...: ...", "argument ...: ...", "smargs: ...", "smargs ...: error: ...", "\x1b[...m...\x1b[0m"}
"""Frames around other messages."""
IMPOSSIBLE = {"invalid ... value: ... (inferred from its name; a default such as 1.0 infers a float)"}  # It has no default.

ROWS = [
    row
    for page in PAGES
    for row in re.findall(r"^\| (?!---)(.+) \| (.*) \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    if row[0] != "message"
]
SHOWN = [shown for messages, _, _ in ROWS for _, shown in re.findall(r"(`+) ?(.+?) ?\1(?!`)", messages)]
ARGPARSES = ["invalid int value: 'VALUE'"]

PASSED_ON = {
    ("_argparse.py", "message"): "argparse's own message",
    ("arguments/filling.py", "Subscript"): "the reason why a value was refused",
    ("cli/bundle.py", "error"): "an error of the bundle",
    ("cli/ending.py", "text"): "the line of the job's end, without colour",
    ("cli/environment.py", "problem"): "a problem of a source",
    ("cli/export.py", "Starred"): "the problems of a check",
    ("cli/export.py", "error"): "an error of the script",
    ("errors.py", "self"): "the message of the parser",
    ("launch/algorithm.py", "Call"): "the problems of a description",
    ("launch/bundle.py", "error"): "an error of a wheel",
    ("launch/check.py", "BoolOp"): "the problems of a check",
    ("launch/check.py", "List"): "the problems of a check",
    ("launch/first_parse.py", "code"): "what the script exits with",
    ("launch/hyperparameters.py", "Call"): "the problems of a plan",
    ("launch/script.py", "List"): "an error of the script",
    ("launch/script.py", "problems"): "the problems of a check",
    ("launch/script.py", "warning"): "a warning of a check",
    ("launch/trial.py", "List"): "the messages of the parses",
    ("launch/trial.py", "ListComp"): "the messages of the parses",
    ("local/hyperparameters.py", "Starred"): "the problems of the limits",
    ("local/hyperparameters.py", "__name__"): "the name of YAML's error",
    ("mixin.py", "Call"): "the message of the parser",
    ("mixin.py", "error"): "an argparse.ArgumentError",
    ("parser.py", "message"): "an error in a config file",
    ("parsing.py", "missing_reason"): "a problem of a source",
    ("context.py", "problem"): "a problem of a source, or a warning of messages.py",
    ("testing/laws.py", "Call"): "a table of values that differ",
    ("testing/processes.py", "Subscript"): "the error of smargs run",
}
"""The messages that are made in one place and shown in another."""


def expression(text):
    return ".*".join(re.escape(part) for part in text.split("..."))


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in SAYING_NOTHING | IMPOSSIBLE])
def test_a_message_has_a_row(text):
    assert any(re.fullmatch(expression(text), shown) for shown in SHOWN), text


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if shown not in ARGPARSES])
def test_a_row_is_a_message_of_the_package(shown):
    assert any(re.fullmatch(expression(text), shown) for text in TEXTS if text not in SAYING_NOTHING)


def test_each_message_that_is_made_elsewhere_is_known():
    assert {(message.module, message.code) for message in MESSAGES if message.text is None} == set(PASSED_ON)


def test_each_row_has_a_cause_and_a_cure():
    assert len(ROWS) > 80
    assert [row for row in ROWS if not row[1].strip() or not row[2].strip()] == []
