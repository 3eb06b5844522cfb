"""help() and inspect.signature() show the parameters of argparse, of ConfigArgParse and of smargs."""

import argparse
import ast
import inspect
import pydoc
import re
import subprocess
import sys
import textwrap

import configargparse
import pytest
from paths import ROOT

from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs.signatures import ARGUMENT, SUBPARSERS


def popped(function):
    """The keyword arguments that a function of ConfigArgParse takes out of its **kwargs, with the code of their defaults."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "kwargs.pop":
            name, default = node.args
            yield ast.literal_eval(name), default


@pytest.mark.skipif(sys.version_info < (3, 9), reason="ast.unparse is new in Python 3.9")
def test_the_parser_shows_the_parameters_of_argparse_of_configargparse_and_its_own():
    plain = inspect.signature(argparse.ArgumentParser).parameters
    shown = inspect.signature(SageMakerArgumentParser).parameters
    taken = popped(configargparse.ArgumentParser.__init__)
    config = {name: eval(ast.unparse(default), vars(configargparse)) for name, default in taken}

    assert dict(list(shown.items())[: len(plain)]) == dict(plain)
    rest = {name: parameter.default for name, parameter in shown.items() if name not in plain}
    assert rest == {**config, "infer_types": True, "write_secrets": False}


@pytest.mark.skipif(sys.version_info < (3, 9), reason="ast.unparse is new in Python 3.9")
def test_add_argument_shows_the_parameters_of_configargparse():
    assert {name for name, _ in popped(configargparse.add_argument)} <= set(ARGUMENT)


def test_add_argument_shows_every_parameter_that_an_action_of_argparse_has():
    actions = {value for value in argparse.ArgumentParser()._registries["action"].values() if isinstance(value, type)}
    known = {"self", "option_strings", "prog", "version", *ARGUMENT, *SUBPARSERS}
    for action in actions:
        assert set(inspect.signature(action.__init__).parameters) <= known, action


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("add_argument", "(*name_or_flags, action='store', nargs=None, const=None, default=None, "),
        ("add_argument_group", "(title=None, description=None, **settings)"),
        ("add_mutually_exclusive_group", "(*, required=False)"),
        ("add_subparsers", "(*, title=None, description=None, prog=None, parser_class=None, action=None, dest=None, "),
    ],
)
def test_a_method_shows_its_parameters_in_help(method, shown):
    for parser in (SageMakerArgumentParser(), type("Mixed", (SageMakerParserMixin, argparse.ArgumentParser), {})()):
        assert str(inspect.signature(getattr(parser, method))).startswith(shown)
    # From Python 3.13 on, help() shows a long signature on several lines.
    screen = re.sub(r"[\s|]", "", pydoc.render_doc(SageMakerArgumentParser, renderer=pydoc.plaintext))
    assert f"{method}(self,{shown[1:].replace(' ', '')}" in screen


def test_a_subclass_with_parameters_of_its_own_shows_them():
    class Own(SageMakerArgumentParser):
        def __init__(self, name):
            super().__init__(prog=name)

    assert str(inspect.signature(Own)) == "(name)"


def test_the_source_of_a_method_that_shows_another_signature_is_its_own():
    assert "declare(super().add_argument" in inspect.getsource(SageMakerArgumentParser.add_argument)


@pytest.mark.needs_process
def test_no_signature_is_made_on_import():
    # Coverage imports it before the script does.
    code = "import sys; before = 'inspect' in sys.modules; import smargs.mixin; print(before or 'inspect' not in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("True\n", "")
