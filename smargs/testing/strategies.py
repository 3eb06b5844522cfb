"""Hypothesis strategies: hyperparameters that a parser accepts or must refuse, and whole jobs on any platform."""

from __future__ import annotations

import argparse
import enum
from pathlib import PurePath
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from smargs.arguments.conversion import Converter, collects
from smargs.arguments.filling import inferred_type
from smargs.arguments.matching import can_be_filled, environment_variable, expected_variable, names
from smargs.container.spelling import to_text
from smargs.container.variables import HYPERPARAMETER_PREFIX, fold
from smargs.local.job import MOST_HYPERPARAMETERS, PLATFORMS, TOOLKIT, TOOLKIT_UNQUOTED, BadJobError
from smargs.mixin import SageMakerParserMixin
from smargs.testing.job import Channels, SageMakerJob, read_hyperparameter
from smargs.testing.laws import loses

# The SDK's estimators add five of their own.
_MOST = MOST_HYPERPARAMETERS - 5
_MOST_ELEMENTS = 5

# What no variable carries: NUL, and half a character.
_ANY_TEXT = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20)
_TEXTS = st.one_of(
    st.text("abcxyz019", max_size=8),
    st.sampled_from(("two words", "s3://bucket/key", "-1", "--lr", "1e-3", "00123", "true", "null", "[1, 2]", "a=b,c=d", "é")),
    _ANY_TEXT,
)
_INTEGERS = st.integers(-(2**53), 2**53)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_SCALARS = st.one_of(st.booleans(), _INTEGERS, _FLOATS, _TEXTS)
_LISTS = st.lists(_SCALARS, max_size=_MOST_ELEMENTS)
_OF_TYPE: Dict[Optional[type], st.SearchStrategy[Any]] = {
    None: _TEXTS,
    str: _TEXTS,
    bool: st.booleans(),
    int: _INTEGERS,
    float: st.one_of(_FLOATS, _INTEGERS),
    list: _LISTS,
    tuple: _LISTS,
    set: _LISTS,
    dict: st.dictionaries(_TEXTS, st.one_of(_SCALARS, _LISTS), max_size=3),
}

# No number, no boolean, no list and no object; and what some arguments refuse that take every text.
_WORDS = st.text("qxyz", min_size=1, max_size=8)
_NO_VALUES: Tuple[Any, ...] = ("q", [], {"q": 1}, ["q"] * 20)


class _Wanted(NamedTuple):
    """A declared argument that a hyperparameter may fill.

    Attributes:
        spellings: The names of its hyperparameter.
        values: What it accepts.
        refused: What it refuses; none if it accepts everything.
    """

    spellings: List[str]
    values: st.SearchStrategy[Any]
    refused: List[st.SearchStrategy[Any]]


class _Choice(NamedTuple):
    """Arguments of which a job may fill one: those of one dest, or those that exclude each other."""

    wanted: List[_Wanted]
    required: bool


def hyperparameters(
    parser: SageMakerParserMixin, overrides: Optional[Mapping[str, st.SearchStrategy[Any]]] = None
) -> st.SearchStrategy[Dict[str, Any]]:
    """Draw hyperparameters that the declared arguments accept: the required ones, and any of the others.

    Types, ``nargs``, ``choices`` and flags are those that are declared, or inferred from a default. A name may be spelled with
    ``-`` or ``_``. Not drawn are optional arguments that accept none of their ``choices``, such as numbers without a ``type``.
    Arguments that SageMaker's own variables or channels fill by their names are left to these, and those of
    subparsers are not drawn.

    Args:
        parser: The parser; it stays as it is.
        overrides: For each dest a strategy of its hyperparameter, whole lists for ``nargs``: for a ``type`` that is a function,
            or for values in a range.

    Returns:
        A strategy of mappings from names to values.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, or is required and accepts nothing, or an override
            is for no argument.
    """
    return _valid(_choices(parser, overrides or {}))


def invalid_hyperparameters(
    parser: SageMakerParserMixin, overrides: Optional[Mapping[str, st.SearchStrategy[Any]]] = None
) -> st.SearchStrategy[Dict[str, Any]]:
    """Draw hyperparameters that ``parse_args`` must refuse: one value that does not fit, or one name that nothing declares.

    Args:
        parser: The parser; it stays as it is.
        overrides: As of :func:`hyperparameters`.

    Returns:
        A strategy of mappings from names to values, of which one is wrong.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, or an override is for no argument.
    """
    declared = {fold(name) for name in _declared_names(parser)}
    return _invalid(_choices(parser, overrides or {}), _WORDS.filter(lambda word: word not in declared))


def jobs(
    parser: SageMakerParserMixin,
    hyperparameters: Optional[st.SearchStrategy[Mapping[str, Any]]] = None,
    channels: Channels = (),
    *,
    platforms: Sequence[str] = PLATFORMS,
    typed: Sequence[str] = (),
    script: str = "train.py",
) -> st.SearchStrategy[SageMakerJob]:
    """Draw jobs that a platform can start, of one host or more; a job is shown as the ``smargs run`` that repeats it.

    A toolkit before 5.1 hands the command line to a shell unquoted. There no texts are drawn that a shell would expand: what it
    makes of these is the platform's own loss.

    Args:
        parser: The parser of the script; it stays as it is.
        hyperparameters: A strategy of hyperparameters; those that the parser accepts if None.
        channels: The channels of every job, as :class:`smargs.testing.SageMakerJob` takes them.
        platforms: Some of ``toolkit``, ``toolkit-unquoted``, ``sdk`` and ``files``.
        typed: What the command line holds beside SageMaker's tokens.
        script: The script, for the command that is shown.

    Returns:
        A strategy of jobs, each a context manager that makes this process the script's.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, or a platform is none. When jobs are drawn,
            :class:`smargs.testing.BadJobError` says what no platform starts whatever else is drawn.
    """
    unknown = [platform for platform in platforms if platform not in PLATFORMS]
    if unknown:
        raise InvalidArgument(f"platform {unknown[0]!r}: expected one of {', '.join(PLATFORMS)}")
    values = _valid(_choices(parser, {})) if hyperparameters is None else hyperparameters

    @st.composite
    def jobs(draw: st.DrawFn) -> SageMakerJob:
        platform = draw(st.sampled_from(platforms))
        plain = draw(st.booleans())
        hosts = draw(st.integers(1, 3))
        host = f"algo-{draw(st.integers(1, hosts))}"
        drawn = draw(values)
        for name, value in drawn.items():
            read_hyperparameter(name, value)
        if platform == TOOLKIT_UNQUOTED and loses(platform, drawn):
            reject()
        try:
            return SageMakerJob(
                drawn, channels, hosts=hosts, host=host, platform=platform, plain=plain, typed=typed, script=script
            )
        except BadJobError:
            _check_settings(channels, typed, platforms)
            reject()

    return jobs()


def _check_settings(channels: Channels, typed: Sequence[str], platforms: Sequence[str]) -> None:
    """Check that it is for its hyperparameters that a job is refused.

    Raises:
        BadJobError: If no platform starts a job of these channels and typed tokens.
    """
    refusals = []
    for platform in platforms:
        try:
            SageMakerJob({}, channels, platform=platform, typed=typed)
        except BadJobError as error:
            refusals.append(error)
    if len(refusals) == len(platforms):
        raise refusals[0]


def _valid(choices: List[_Choice]) -> st.SearchStrategy[Dict[str, Any]]:
    # Inner functions, as Hypothesis shows what a strategy is made with, and that is a whole parser.
    @st.composite
    def hyperparameters(draw: st.DrawFn) -> Dict[str, Any]:
        found: Dict[str, Any] = {}
        room = _MOST - sum(choice.required for choice in choices)
        for choice in choices:
            if choice.required or (room > 0 and draw(st.booleans())):
                room -= not choice.required
                wanted = draw(st.sampled_from(choice.wanted))
                found[draw(st.sampled_from(wanted.spellings))] = draw(wanted.values)
        return found

    return hyperparameters()


def _invalid(choices: List[_Choice], undeclared: st.SearchStrategy[str]) -> st.SearchStrategy[Dict[str, Any]]:
    wrong = [
        (choice, st.sampled_from(wanted.spellings), refused)
        for choice in choices
        for wanted in choice.wanted
        for refused in wanted.refused
    ]

    @st.composite
    def invalid_hyperparameters(draw: st.DrawFn) -> Dict[str, Any]:
        broken, spelled, values = draw(st.sampled_from([(None, undeclared, _SCALARS), *wrong]))
        valid = draw(_valid([choice for choice in choices if choice is not broken]))
        return {**valid, draw(spelled): draw(values)}

    return invalid_hyperparameters()


def _choices(parser: SageMakerParserMixin, overrides: Mapping[str, st.SearchStrategy[Any]]) -> List[_Choice]:
    """What hyperparameters may fill.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, or an override is for no argument.
    """
    if not isinstance(parser, SageMakerParserMixin):
        raise InvalidArgument(f"expected a parser of smargs, not {type(parser).__name__}")
    unknown = sorted(overrides.keys() - {action.dest for action in parser._actions})
    if unknown:
        raise InvalidArgument(f"overrides: {unknown[0]!r} is the dest of no argument")
    groups = {action: group for group in parser._mutually_exclusive_groups for action in group._group_actions}
    exclusive: Dict[object, List[argparse.Action]] = {}
    for action in parser._actions:
        if _is_left_to_hyperparameters(action, parser.prefix_chars, action.dest in overrides):
            exclusive.setdefault(groups.get(action, action.dest), []).append(action)
    found = []
    for key, actions in exclusive.items():
        must_be_set = getattr(key, "required", False)
        wanted = [_wanted(parser, action, overrides.get(action.dest), must_be_set) for action in actions]
        choice = _Choice([each for each in wanted if each is not None], must_be_set or any(each.required for each in actions))
        if choice.wanted:
            found.append(choice)
        elif choice.required:
            raise InvalidArgument(
                f"argument {_shown(actions[0])}: it is required, and accepts none of its choices: "
                "argparse compares what its type makes of a text with them: expected a type that makes them"
            )
    return found


def _is_left_to_hyperparameters(action: argparse.Action, prefix_chars: str, is_asked_for: bool) -> bool:
    """Whether a hyperparameter is what fills an argument: neither a documented variable nor a channel has its name."""
    if not can_be_filled(action) or action.nargs == argparse.SUPPRESS:
        return False
    return expected_variable(action, prefix_chars).startswith(HYPERPARAMETER_PREFIX) or (
        is_asked_for and _outright(action, prefix_chars) is None
    )


def _outright(action: argparse.Action, prefix_chars: str) -> Optional[str]:
    """The variable of SageMaker's that an argument is declared for: it takes that, and no other."""
    variable = expected_variable(action, prefix_chars)
    told = [environment_variable(action), *(fold(name).upper() for name, _ in names(action, prefix_chars))]
    return variable if variable in told else None


def _declared_names(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every name that a hyperparameter may have for a parser or one of its subparsers."""
    for action in parser._actions:
        yield expected_variable(action, parser.prefix_chars)[len(HYPERPARAMETER_PREFIX) :]
        for name, _ in names(action, parser.prefix_chars):
            yield name
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _declared_names(subparser)


def _wanted(
    parser: SageMakerParserMixin, action: argparse.Action, override: Optional[st.SearchStrategy[Any]], must_be_set: bool
) -> Optional[_Wanted]:
    """An argument that a hyperparameter may fill; None if it accepts none of its own choices."""

    def refuses(value: object) -> bool:
        option = next(iter(action.option_strings), None)
        try:
            converter.calls(value, to_text(value), option)
        except Exception:  # A type of the script's own may raise anything.
            return True
        return False

    def accepts(choice: object) -> bool:
        count = action.nargs if isinstance(action.nargs, int) else 1
        return not refuses([_sent(choice)] * count if collects(action) else _sent(choice))

    wanted = action.type or (inferred_type(action, parser.prefix_chars) if parser._infer_types else None)
    converter = Converter(action, wanted, parser._read_text, TOOLKIT)
    if override is None and action.choices is not None and not any(map(accepts, action.choices)):
        return None
    values = _values(action, wanted, must_be_set, accepts) if override is None else override
    # A file's type would open, or make, a file of any name.
    wrong = [] if isinstance(action.type, argparse.FileType) else [value for value in _NO_VALUES if refuses(value)]
    refused = [st.sampled_from(wrong)] if wrong else []
    if "q" in wrong:
        refused.append(st.one_of(_WORDS, _INTEGERS, _FLOATS, st.lists(_WORDS, max_size=3)).filter(refuses))
    return _Wanted(_spellings(parser, action), values, refused)


def _spellings(parser: argparse.ArgumentParser, action: argparse.Action) -> List[str]:
    """The names of the hyperparameters that fill an argument and no other."""
    outright = _outright(action, parser.prefix_chars)
    if outright is not None:
        return [outright[len(HYPERPARAMETER_PREFIX) :].lower()]
    others = {fold(name) for other in parser._actions if other is not action for name, _ in names(other, parser.prefix_chars)}
    own = [name for name, option in names(action, parser.prefix_chars) if option and option[:5] != "--no-"] or [action.dest]
    found = dict.fromkeys(own)
    for name in own:
        if fold(name) not in others:
            found.update(dict.fromkeys((name.replace("-", "_"), name.replace("_", "-"))))
    return [name for name in found if not name.startswith("-")]


def _values(
    action: argparse.Action, wanted: object, must_be_set: bool, accepts: Callable[[object], bool]
) -> st.SearchStrategy[Any]:
    """What an argument accepts, of its own accord.

    Args:
        action: The argument.
        wanted: Its type, declared or inferred.
        must_be_set: Whether a value that leaves the argument as it is will not do.
        accepts: Whether it accepts one of its choices.
    """
    if action.nargs == 0:
        if isinstance(action, argparse._CountAction):
            return st.integers(int(must_be_set), 9)
        return st.just(True) if must_be_set else st.booleans()
    one = _one(action, wanted, accepts)
    if not collects(action):
        return one
    if isinstance(action.nargs, int):
        return st.lists(one, min_size=action.nargs, max_size=action.nargs)
    may_be_empty = action.nargs in (argparse.ZERO_OR_MORE, argparse.REMAINDER) and not must_be_set
    return st.lists(one, min_size=0 if may_be_empty else 1, max_size=_MOST_ELEMENTS)


def _one(action: argparse.Action, wanted: object, accepts: Callable[[object], bool]) -> st.SearchStrategy[Any]:
    """One value of an argument."""
    if action.choices is not None:
        choices: Any = action.choices
        in_order = choices if isinstance(choices, (list, tuple, range)) else sorted(choices, key=repr)
        return st.sampled_from(in_order).filter(accepts).map(_sent)
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return st.sampled_from(list(wanted.__members__))
    if isinstance(wanted, type) and issubclass(wanted, PurePath):
        return _TEXTS
    found = [strategy for type_, strategy in _OF_TYPE.items() if type_ is wanted]
    if not found:
        name = getattr(wanted, "__name__", repr(wanted))
        raise InvalidArgument(
            f"argument {_shown(action)}: nobody can tell what its type {name} accepts: "
            f"expected a strategy of its hyperparameter, overrides={{{action.dest!r}: ...}}"
        )
    return found[0]


def _shown(action: argparse.Action) -> str:
    return "/".join(action.option_strings) or action.dest


def _sent(choice: object) -> object:
    """What is sent for a choice."""
    if isinstance(choice, enum.Enum):
        return choice.name
    return choice if choice is None or isinstance(choice, (str, int, float)) else str(choice)
