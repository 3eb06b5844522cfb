"""The hyperparameters that a parser declares: what each accepts, and its default."""

from __future__ import annotations

import argparse
import enum
from typing import Any, Collection, Iterable, Iterator, List, Mapping, Optional, Tuple

from smargs import _argparse
from smargs.arguments.bounds import Bounds, declared_bounds
from smargs.arguments.conversion import Converter, collects, is_flag
from smargs.arguments.names import hyperparameter_name, names
from smargs.container.variables import SDK, TOOLKIT
from smargs.launch.channels import is_hyperparameter
from smargs.launch.equality import is_same
from smargs.launch.limits import limit_problems
from smargs.launch.spelling import Spelling, spellings
from smargs.secrets.masking import Secrets
from smargs.texts import decode, to_text


class DeclaredHyperparameter:
    """A hyperparameter that an argument takes.

    Attributes:
        name: The name under which it is sent.
        parser: The parser that declares the argument.
        action: The argument.
        type: The type of one value, declared or inferred; None for text.
        is_required: Whether a job without it fails.
        is_flag: Whether the argument takes true or false without storing it.
        is_count: Whether the argument counts.
        takes_list: Whether the argument takes a list of values.
        bounds: The bounds of a number: of ``bounds=``, or of choices that are a range without gaps.
    """

    def __init__(self, parser: argparse.ArgumentParser, action: argparse.Action, *, is_required: bool) -> None:
        self.name = hyperparameter_name(action, parser.prefix_chars)
        self.parser = parser
        self.action = action
        self.type: Any = Converter(parser, action, None).type
        self.is_required = is_required
        is_constant = action.nargs == 0 and isinstance(action.const, bool)
        self.is_flag = is_constant or isinstance(action, _argparse.PAIRED_FLAG)
        self.is_count = isinstance(action, _argparse.CountAction)
        self.takes_list = action.nargs != 0 and collects(action)
        self.bounds = _bounds(action, self.type)
        options = [option for name, option in names(action, parser.prefix_chars) if name == self.name]
        self._option = next(iter(options), None)

    def categories(self) -> List[Spelling]:
        """Return the values of which the argument accepts one, with their texts; none if it accepts others.

        A choice that the argument does not read from any text is left out.
        """
        takes_text = self.action.type is None and is_flag(self.action)
        if self.is_flag or (self.type is bool and self.action.choices is None and not takes_text):
            return [(True, "true"), (False, "false")]
        candidates = [self._spelling(choice) for choice in self._choices()]
        return [spelling for spelling in candidates if spelling is not None]

    def default(self, secrets: Secrets) -> Optional[Spelling]:
        """Return the default, with its text.

        Args:
            secrets: Decides what is secret.

        Returns:
            None if there is no default, if it is secret, or if the argument does not store it from any text.
        """
        spelling = self._spelling_of_default()
        is_shown = spelling is not None and secrets.mask_argument(self.action, spelling[0]) == spelling[0]
        return spelling if is_shown else None

    def help(self) -> str:
        """Return the help text, with values in the place of names such as ``%(default)s``."""
        text = self.action.help
        if not text or text == argparse.SUPPRESS:
            return ""
        shown = {name: getattr(value, "__name__", value) for name, value in vars(self.action).items()}
        shown.update(prog=self.parser.prog)
        if self.action.choices is not None:
            shown.update(choices=", ".join(map(str, self.action.choices)))
        try:
            return str(text % shown)
        except (KeyError, TypeError, ValueError):
            return str(text)

    def _spelling_of_default(self) -> Optional[Spelling]:
        declared = self.action.default
        try:
            parsed = self._parsed_default()
        except Exception:  # A type of the script's own may raise anything.
            return None
        # A flag that stores false takes true to store it.
        values = () if parsed is None else (parsed, declared, *((True, False) if self.is_flag else ()))
        candidates = [spelling for value in values for spelling in self._spellings(value)]
        return next((spelling for spelling in candidates if self._stores(spelling[1], parsed)), None)

    def _parsed_default(self) -> object:
        """Return the default as argparse converts it; None if there is none, or if the action is the script's own."""
        default = self.action.default
        is_known = _argparse.is_standard(self.action) and not isinstance(self.action.type, argparse.FileType)
        if not is_known or default is argparse.SUPPRESS:
            return None
        return Converter(self.parser, self.action, None).read(default) if isinstance(default, str) else default

    def _choices(self) -> Iterable[object]:
        choices: Any = self.action.choices
        if self.action.nargs == 0 or (self.bounds is not None and isinstance(choices, range)):
            return ()
        if choices is None:
            is_enum = isinstance(self.type, type) and issubclass(self.type, enum.Enum)
            return list(self.type) if is_enum else ()
        return choices if isinstance(choices, (list, tuple, range)) else sorted(choices, key=repr)

    def _spelling(self, choice: object) -> Optional[Spelling]:
        """Return how a choice is sent, alone or as an element of a list; None if no spelling is read as this choice."""
        return next((spelling for spelling in self._spellings(choice) if self._reads(spelling, choice)), None)

    def _spellings(self, value: object) -> Iterator[Spelling]:
        """Yield the spellings of a value that the service accepts."""
        for spelling in spellings(value, encoded=True):
            if not any(limit_problems({"": spelling[1]})):
                yield spelling

    def _reads(self, spelling: Spelling, choice: object) -> bool:
        value, text = spelling
        if self.takes_list:
            value = [value] * (self.action.nargs if isinstance(self.action.nargs, int) else 1)
            text = to_text(value)
        else:
            value = decode(text)
        for platform in (TOOLKIT, SDK):
            try:
                (read,), _ = Converter(self.parser, self.action, platform).calls(value, text, self._option)
            except Exception:  # A type of the script's own may raise anything.
                return False
            elements = read if isinstance(read, list) and self.takes_list else [read]
            if not all(is_same(element, choice) for element in elements):
                return False
        return True

    def _stores(self, text: str, expected: object) -> bool:
        """Return whether the argument stores the expected value if it reads this text after its default."""
        for platform in (TOOLKIT, SDK):
            namespace = argparse.Namespace(**{self.action.dest: self.action.default})
            try:
                arguments, shown = Converter(self.parser, self.action, platform).calls(decode(text), text, self._option)
                for argument in arguments:
                    self.action(self.parser, namespace, argument, shown)
            except Exception:  # A type of the script's own may raise anything.
                return False
            if not is_same(getattr(namespace, self.action.dest), expected):
                return False
        return True


def declared_hyperparameters(
    parser: argparse.ArgumentParser, channels: Mapping[str, object]
) -> Iterator[DeclaredHyperparameter]:
    """Yield the hyperparameters that a parser and its subcommands declare.

    An argument that a variable of SageMaker or a channel fills is not a hyperparameter. An argument of a subcommand is never
    required, because a job may run another subcommand.

    Args:
        parser: The parser.
        channels: The names of the job's channels, as far as they are known.
    """
    for each in _argparse.all_parsers([parser]):
        for action in _argparse.actions(each):
            if is_hyperparameter(action, each.prefix_chars, channels):
                yield DeclaredHyperparameter(each, action, is_required=action.required and each is parser)


def exclusive_groups(
    parser: argparse.ArgumentParser, hyperparameters: Collection[DeclaredHyperparameter]
) -> Iterator[Tuple[List[DeclaredHyperparameter], bool]]:
    """Yield the hyperparameters of each mutually exclusive group of a parser, and whether one of them is required."""
    for group in _argparse.exclusive_groups(parser):
        members = [each for each in hyperparameters if each.action in _argparse.members(group)]
        if members:
            yield members, bool(group.required) and len(members) == len(_argparse.members(group))


def _bounds(action: argparse.Action, type_: object) -> Optional[Bounds]:
    choices: Any = action.choices
    if type_ is int and isinstance(choices, range) and choices.step == 1 and choices:
        return Bounds(choices[0], choices[-1])
    return declared_bounds(action) if type_ in (int, float) else None
