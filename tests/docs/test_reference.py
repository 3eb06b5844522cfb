"""The parts of the reference that are made from the code are complete."""

import argparse
import re

import pytest
from from_code import PARTS
from page_text import read_page
from pages import DOCS

from smargs import SageMakerArgumentParser, SageMakerEnvironment
from smargs.cli.options import make_parser
from smargs.container.variables import VARIABLES, fold
from smargs.secrets.masking import Secrets


def rows(part):
    return re.findall(r"^\| (?!---)(.*) \|$", PARTS[part](), re.MULTILINE)[1:]


@pytest.mark.parametrize(("variable", "row"), [*zip(VARIABLES, rows("variables"))], ids=[each.name for each in VARIABLES])
def test_the_row_of_a_variable_names_its_attribute_and_the_arguments_that_take_it(variable, row):
    first, _, names = row.split(" | ")
    name, doc, kind = re.match(r"`(\w+)`<br>(.+)<br>\*(\w+), set by (?:toolkit|SDK v3|no platform)", first).groups()
    assert (name, doc, kind) == (variable.name, variable.doc, variable.kind)
    attribute, *arguments = re.findall("`(.+?)`", names)
    assert hasattr(SageMakerEnvironment.load({}), attribute)
    for argument in (*arguments, f"--{fold(variable.name)}"):
        parser = SageMakerArgumentParser(infer_types=False)
        parser.add_argument(argument, dest="value")
        text = {"integer": "1", "list": "[]", "object": "{}"}.get(kind, "true")
        assert parser.parse_args([], env_vars={variable.name: text}).value is not None, argument


def parsers(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from parsers(subparser)


@pytest.mark.parametrize("parser", [*parsers(make_parser(Secrets()))], ids=lambda parser: parser.prog)
def test_each_option_of_a_command_is_in_its_section(parser):
    section = PARTS["command"]().partition(f"## `{parser.prog}`\n")[2].partition("\n## ")[0]
    for action in parser._actions:
        for option in action.option_strings:
            assert re.search(rf"^\| `(?:.*, )?{option}\b.*` \| \w.+ \|$", section, re.MULTILINE), option


def test_each_part_is_on_a_page():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    assert [name for name in PARTS if f"```{{from-code}} {name}\n```\n" not in pages] == []


def test_the_site_has_the_parts_and_the_included_files_in_the_text_of_a_page():
    assert PARTS["variables"]() in read_page(DOCS / "variables.md")
    home = read_page(DOCS / "index.md")
    assert home.startswith("# smargs\n")
    assert "](rules.md" in home
    assert "](changelog.md)" in home
    assert "](../CHANGELOG.md)" not in home


def test_the_site_has_no_empty_line_after_the_last_example_of_a_block():
    assert re.search(r"\n\n```\n", (DOCS / "rules.md").read_text(encoding="utf-8"))
    assert not re.search(r"\n\n```\n", read_page(DOCS / "rules.md"))
