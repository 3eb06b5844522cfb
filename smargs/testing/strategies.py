"""Hypothesis strategies: hyperparameters that a parser accepts or must refuse, and jobs on any platform."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from smargs.container.variables import ADDED_BY_FRAMEWORKS, fold
from smargs.launch.limits import MOST_HYPERPARAMETERS
from smargs.local.hyperparameters import make_hyperparameter
from smargs.local.job import PLATFORMS, TOOLKIT_UNQUOTED, BadJobError
from smargs.mixin import SageMakerParserMixin
from smargs.testing.channels import Channels, with_required_channels
from smargs.testing.drawn import DrawnJob
from smargs.testing.fillable import FillableGroup, Overrides, check_parser, declared_names, fillable_groups
from smargs.testing.job import SageMakerJob
from smargs.testing.laws import changes_values
from smargs.testing.values import SCALARS, WORDS

_MOST_DRAWN = MOST_HYPERPARAMETERS - len(ADDED_BY_FRAMEWORKS)


def hyperparameters(parser: SageMakerParserMixin, overrides: Optional[Overrides] = None) -> st.SearchStrategy[Dict[str, Any]]:
    """Draw hyperparameters that the declared arguments accept: the required ones, and any of the others.

    Values fit the types, ``nargs``, ``choices`` and flags that are declared, or the types that are inferred from defaults.
    Names are spelled with ``-`` or ``_``. An optional argument that accepts none of its ``choices``, such as numbers without
    a ``type``, is not drawn. Neither are arguments that a variable or a channel of SageMaker fills by name, nor those of
    subparsers.

    Args:
        parser: The parser; it is not changed.
        overrides: For each dest, a strategy of its hyperparameter, which draws whole lists for ``nargs``. Use it for a ``type``
            that is a function, or for values in a range.

    Returns:
        A strategy of mappings from names to values.

    Raises:
        hypothesis.errors.InvalidArgument: If an override is needed, because a ``type`` is a function whose accepted texts are
            unknown. If an argument is required and accepts no value, or an override names no argument.
    """
    return _valid(fillable_groups(parser, overrides or {}, {}))


def invalid_hyperparameters(
    parser: SageMakerParserMixin, overrides: Optional[Overrides] = None
) -> st.SearchStrategy[Dict[str, Any]]:
    """Draw hyperparameters that ``parse_args`` must refuse: one value does not fit, or one name is not declared.

    Args:
        parser: The parser; it is not changed.
        overrides: As for :func:`hyperparameters`.

    Returns:
        A strategy of mappings from names to values, of which one is wrong.

    Raises:
        hypothesis.errors.InvalidArgument: As for :func:`hyperparameters`.
    """
    declared = {fold(name) for name in declared_names(parser)}
    return _invalid(fillable_groups(parser, overrides or {}, {}), WORDS.filter(lambda word: word not in declared))


def jobs(
    parser: SageMakerParserMixin,
    hyperparameters: Optional[st.SearchStrategy[Mapping[str, Any]]] = None,
    channels: Channels = (),
    *,
    overrides: Optional[Overrides] = None,
    platforms: Sequence[str] = PLATFORMS,
    typed: Sequence[str] = (),
    script: str = "train.py",
) -> st.SearchStrategy[SageMakerJob]:
    """Draw jobs that a platform can start, with one host or more. Each is shown as the ``smargs run`` that repeats it.

    A toolkit before 5.1 passes the command line through a shell without quotes. For that platform, texts that the shell would
    expand are not drawn, because the platform itself changes them.

    Args:
        parser: The parser of the script; it is not changed.
        hyperparameters: A strategy of hyperparameters. If None, those that the parser accepts, except for arguments that one of
            the channels fills.
        channels: The channels of every job, as :class:`smargs.testing.SageMakerJob` takes them. A job also has an empty channel
            for each other one that the parser requires.
        overrides: As for :func:`hyperparameters`. A strategy of hyperparameters has its own overrides instead.
        platforms: Some of ``toolkit``, ``toolkit-unquoted``, ``sdk`` and ``files``.
        typed: Arguments of the script that follow those of SageMaker.
        script: The script, for the command that is shown.

    Returns:
        A strategy of jobs. Each is a context manager that turns this process into that of the script.

    Raises:
        hypothesis.errors.InvalidArgument: If an argument needs an override, overrides are passed beside a strategy of
            hyperparameters, or a platform is unknown.
        smargs.testing.BadJobError: When jobs are drawn, if no platform starts a job with these channels and typed arguments.
    """
    unknown = [platform for platform in platforms if platform not in PLATFORMS]
    if unknown:
        raise InvalidArgument(f"platform {unknown[0]!r}: expected one of {', '.join(PLATFORMS)}")
    if hyperparameters is not None and overrides is not None:
        raise InvalidArgument("overrides: jobs() has a strategy of hyperparameters: pass the overrides to that strategy")
    check_parser(parser)
    paths = with_required_channels(parser, channels)
    values = _valid(fillable_groups(parser, overrides or {}, paths)) if hyperparameters is None else hyperparameters

    @st.composite
    def jobs(draw: st.DrawFn) -> SageMakerJob:
        platform = draw(st.sampled_from(platforms))
        plain = draw(st.booleans())
        hosts = draw(st.integers(1, 3))
        host = f"algo-{draw(st.integers(1, hosts))}"
        drawn = draw(values)
        for name, value in drawn.items():
            make_hyperparameter(name, value)
        if platform == TOOLKIT_UNQUOTED and changes_values(platform, drawn):
            reject()
        try:
            job = DrawnJob(drawn, paths, hosts=hosts, host=host, platform=platform, plain=plain, typed=typed, script=script)
        except BadJobError:
            _check_settings(paths, typed, platforms)
            reject()
        job.parsers = (parser,)
        return job

    return jobs()


def _check_settings(channels: Channels, typed: Sequence[str], platforms: Sequence[str]) -> None:
    """Check that some platform starts a job with these channels and typed arguments, if not with all hyperparameters.

    Raises:
        BadJobError: If none does.
    """
    refusals = []
    for platform in platforms:
        try:
            SageMakerJob({}, channels, platform=platform, typed=typed)
        except BadJobError as error:
            refusals.append(error)
    if len(refusals) == len(platforms):
        raise refusals[0]


def _valid(groups: List[FillableGroup]) -> st.SearchStrategy[Dict[str, Any]]:
    # An inner function without parameters: Hypothesis shows the arguments of a strategy, and a whole parser is long.
    @st.composite
    def hyperparameters(draw: st.DrawFn) -> Dict[str, Any]:
        drawn: Dict[str, Any] = {}
        remaining = _MOST_DRAWN - sum(group.required for group in groups)
        for group in groups:
            if group.required or (remaining > 0 and draw(st.booleans())):
                remaining -= not group.required
                argument = draw(st.sampled_from(group.arguments))
                drawn[draw(st.sampled_from(argument.names))] = draw(argument.accepted)
        return drawn

    return hyperparameters()


def _invalid(groups: List[FillableGroup], undeclared: st.SearchStrategy[str]) -> st.SearchStrategy[Dict[str, Any]]:
    wrong = [
        (group, st.sampled_from(argument.names), refused)
        for group in groups
        for argument in group.arguments
        for refused in argument.refused
    ]

    @st.composite
    def invalid_hyperparameters(draw: st.DrawFn) -> Dict[str, Any]:
        wrong_group, names, values = draw(st.sampled_from([(None, undeclared, SCALARS), *wrong]))
        valid = draw(_valid([group for group in groups if group is not wrong_group]))
        return {**valid, draw(names): draw(values)}

    return invalid_hyperparameters()
