"""The hyperparameters of one launch: the texts that are sent, their values on each platform, and every problem."""

from __future__ import annotations

from argparse import Action
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from smargs import _argparse
from smargs.container.variables import ADDED_BY_FRAMEWORKS, ADDED_BY_TUNERS, OBJECTIVE_METRIC, is_internal
from smargs.launch.draft import Draft, spell
from smargs.launch.forms import is_nested_deeply
from smargs.launch.limits import limit_problems
from smargs.launch.pipelines import default_text, has_inner_variable, is_pipeline_variable
from smargs.launch.ranges import Range, range_problems
from smargs.launch.request import Arguments, RequestedValue, value_of
from smargs.launch.trial import OWN_CONTAINER, Key, Outcome, Trial, key_of, routes
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names
from smargs.texts import DEEPEST


class Plan:
    """The hyperparameters that give a script's parser the requested values."""

    def __init__(
        self, parser: Any, values: object, directory: str, channels: Optional[Sequence[str]], *, encoded: bool
    ) -> None:
        """Read the values.

        Args:
            parser: A parser of the mixin.
            values: A namespace or a mapping.
            directory: An empty directory, which takes the place of ``/opt/ml``.
            channels: The names of the job's channels; None if they are unknown.
            encoded: Whether texts are sent. Otherwise the SDK encodes the values.
        """
        self._encoded = encoded
        self._directory = directory
        self._arguments = Arguments(parser, values)
        names = self._arguments.required_channels() if channels is None else channels
        self._trial = Trial(parser, directory, names, self._arguments.command)
        self._drafts: List[Draft] = []
        self._untested: List[Draft] = []
        # The names of the hyperparameters, in order, each with its pipeline variable or None.
        self._sent: Dict[str, object] = {}
        self._undeclared: List[str] = []
        self._filled: Dict[Key, str] = {}
        self._ranges: List[Range] = []
        self._actions_of_ranges: List[Optional[Action]] = []
        self._texts_of_ranges: Dict[str, Tuple[str, ...]] = {}
        self._outcomes: List[Outcome] = []
        self._problems: List[str] = []
        for requested in self._requests(values, dict.fromkeys(channels or ())):
            self._add(requested)

    def add_ranges(self, ranges: Sequence[Range]) -> None:
        """Add the ranges of a tuning job."""
        self._ranges = list(ranges)
        takers = self._arguments.takers([each.name for each in ranges], self._directory)
        for range_ in filter(_has_name, ranges):
            action = takers.get(range_.name) or self._arguments.taken(range_.name, takers.values())
            self._actions_of_ranges.append(action)
            problem = self._refusal_of_range(range_.name, action)
            if problem is not None:
                self._problems.append(problem)
            elif range_.texts:
                self._texts_of_ranges[range_.name] = range_.texts
            elif range_.name in takers:
                self._trial.defer(takers[range_.name])
            else:
                self._undeclared.append(range_.name)

    def _refusal_of_range(self, name: str, action: Optional[Action]) -> Optional[str]:
        """Return why a hyperparameter cannot have a range; None if it can."""
        other = self._filled.setdefault(key_of(action), name) if action is not None else name
        if name == OBJECTIVE_METRIC:
            return _reserved(name)
        if name in self._sent or other in self._sent:
            return f"hyperparameter {name}: it has a value and a range: expected one of them"
        if action is not None and other != name:
            return f"range {name}: argument {_argparse.argument_name(action)} already takes {other}: expected one of them"
        return None

    def choose_spellings(self) -> None:
        """Parse until every hyperparameter has a spelling that its argument reads back, or has none."""
        wrong: List[Draft] = []
        while wrong or not self._outcomes:
            self._outcomes = self._parse(0)
            wrong = [draft for draft in self._drafts if draft.round_trips and not draft.is_read_back(self._outcomes)]
            for draft in wrong:
                draft.choose_next()

    def hyperparameters(self) -> Dict[str, Any]:
        """Return what is sent: texts, or the values that the SDK encodes, or the launcher's own pipeline variables."""
        drafts = (*self._drafts, *self._untested)
        sent = {draft.name: draft.text if self._encoded else draft.value for draft in drafts}
        return {name: sent[name] if variable is None else variable for name, variable in self._sent.items()}

    def problems(self) -> List[str]:
        """Return every problem in one line, with secrets masked."""
        secrets = self._secrets()
        lines = [*self._problems, *self._problems_of_parses(), *self._differences()]
        lines += [*self._deferred_conflicts(), *self._limit_problems()]
        return list(dict.fromkeys(map(secrets.mask_text, lines)))

    def secret_names(self) -> List[str]:
        """Return the names of the hyperparameters that are secret, or whose value has a secret in it."""
        secrets = self._secrets()
        return [draft.name for draft in self._drafts if _is_secret(draft, secrets)]

    def _requests(self, values: object, channels: Mapping[str, object]) -> Iterator[RequestedValue]:
        """Yield what the caller asks for, without a None for an argument that is None without a hyperparameter, too."""
        defaults = self._trial.parse(OWN_CONTAINER, {}).namespace
        if isinstance(values, Mapping):
            requests = self._arguments.requested_by_mapping(values, self._directory)
        else:
            requests = self._arguments.requested_by_namespace(values, defaults, channels)
        for requested in requests:
            action = requested.action
            is_needed = requested.value is not None or action is None or action.required
            if is_needed or (action is not None and value_of(defaults, action.dest) is not None):
                yield requested

    def _add(self, requested: RequestedValue) -> None:
        problem = self._refusal(requested)
        if problem is not None:
            self._problems.append(problem)
            return
        self._sent[requested.name] = None
        action = requested.action
        if is_pipeline_variable(requested.value):
            self._sent[requested.name] = requested.value
            self._add_variable(requested, default_text(requested.value))
        elif action is not None and getattr(action, "is_config_file_arg", False):
            self._untested.append(Draft(requested, spell(requested, encoded=self._encoded)))
            self._trial.defer(action)
        else:
            self._drafts.append(Draft(requested, spell(requested, encoded=self._encoded)))

    def _refusal(self, requested: RequestedValue) -> Optional[str]:
        """Return why a value cannot be sent in any spelling; None if it can."""
        name, action = requested.name, requested.action
        if not isinstance(name, str):
            return f"hyperparameter {name!r}: expected a str as its name"
        if name == OBJECTIVE_METRIC:
            return _reserved(name)
        other = self._filled.setdefault(key_of(action), name) if action is not None else name
        if action is not None and other != name:
            return (
                f"hyperparameter {name}: argument {_argparse.argument_name(action)} already takes {other}: expected one of them"
            )
        if is_nested_deeply(requested.value):
            return f"hyperparameter {name}: its value is nested more than {DEEPEST} levels deep: no job can read it"
        if has_inner_variable(requested.value):
            self._add_variable(requested, None)
            return f"hyperparameter {name}: a pipeline variable in a collection: expected it as the whole value"
        return None

    def _add_variable(self, requested: RequestedValue, text: Optional[str]) -> None:
        """Add a pipeline variable: the parser checks its name, and the text of its default if it has one."""
        if text is not None:
            by_default = requested._replace(value=text, is_stored=False)
            self._drafts.append(Draft(by_default, [(text, text)]))
        elif requested.action is not None:
            self._trial.defer(requested.action)
        elif not is_internal(requested.name):
            self._undeclared.append(requested.name)

    def _parse(self, number: int) -> List[Outcome]:
        """Parse on every route.

        Args:
            number: Which value of each range to send.
        """
        texts = {**{draft.name: draft.text for draft in self._drafts}, **dict.fromkeys(self._undeclared, "")}
        for name, values in self._texts_of_ranges.items():
            texts[name] = values[min(number, len(values) - 1)]
        return [self._trial.parse(route, texts) for route in routes(encoded=self._encoded)]

    def _problems_of_parses(self) -> Iterator[str]:
        """Yield the problems of the first value of every range, then those of the other values."""
        count = max(map(len, self._texts_of_ranges.values()), default=1)
        for outcomes in (self._outcomes, *map(self._parse, range(1, count))):
            yield from _merge_outcomes(outcomes)

    def _differences(self) -> Iterator[str]:
        """Yield a line for each value that the parser accepts, but does not read back.

        A hyperparameter of a mapping may become another value, but it must be the same on every platform.
        """
        for draft in self._drafts:
            action = draft.requested.action
            if action is None or draft.round_trips or any(outcome.problem_of(key_of(action)) for outcome in self._outcomes):
                continue
            formless = draft.requested.formless()
            if draft.requested.is_stored or formless is not None or not draft.is_same_everywhere(self._outcomes):
                shown = f"argument {_argparse.argument_name(action)}: {draft.requested.value!r}, sent as {draft.text!r},"
                expected = "expected a value that its type reads back"
                expected += "" if formless is None else f" (JSON has no {type(formless).__name__})"
                yield f"{shown} comes back as {draft.stored(self._outcomes)}: {expected}"

    def _deferred_conflicts(self) -> Iterator[str]:
        """Yield a line for each argument that excludes another one, if the value of either is unknown before the launch."""
        sent = {key_of(draft.requested.action) for draft in self._drafts if draft.requested.action is not None}
        for parser in self._arguments.parsers:
            for group in _argparse.exclusive_groups(parser):
                named = [action for action in _argparse.members(group) if key_of(action) in sent | self._trial.deferred]
                if any(key_of(action) in self._trial.deferred for action in named):
                    for action in named[1:]:
                        name, other = _argparse.argument_name(action), _argparse.argument_name(named[0])
                        yield f"argument {name}: not allowed with argument {other}"

    def _limit_problems(self) -> Iterator[str]:
        """Yield a line for each thing that the service refuses."""
        yield from range_problems(self._ranges)
        texts = {draft.name: draft.text for draft in (*self._drafts, *self._untested)}
        names = [*self._sent, *(each.name for each in self._ranges)]
        added = () if self._encoded else (*ADDED_BY_FRAMEWORKS, *(ADDED_BY_TUNERS if self._ranges else ()))
        yield from limit_problems({**dict.fromkeys(names, ""), **texts}, added)

    def _secrets(self) -> Secrets:
        parsers = self._arguments.parsers
        secrets = Secrets(Names(parsers=parsers), parsers)
        for draft in (*self._drafts, *self._untested):
            secrets.add(draft.name, draft.value, draft.text)
            if draft.requested.action is not None:
                secrets.add_argument(draft.requested.action, draft.value, draft.text)
        for range_, range_action in zip(filter(_has_name, self._ranges), self._actions_of_ranges):
            secrets.add(range_.name, list(range_.sources))
            if range_action is not None:
                secrets.add_argument(range_action, list(range_.sources))
        return secrets


def _has_name(range_: Range) -> bool:
    return bool(range_.name)


def _merge_outcomes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield each problem of the parses on all routes once. A problem of some routes names who starts the script on them."""
    subjects: Dict[object, Dict[str, str]] = {}
    for outcome in outcomes:
        for problem in outcome.problems:
            subjects.setdefault(problem.key or problem.text, {}).setdefault(outcome.route.name, problem.text)
    for texts in subjects.values():
        text = next(iter(texts.values()))
        yield text if len(texts) == len(outcomes) else f"{text} (with {' and '.join(texts)})"


def _reserved(name: str) -> str:
    return f"hyperparameter {name}: the tuning job sets it: expected no value"


def _is_secret(draft: Draft, secrets: Secrets) -> bool:
    """Return whether a hyperparameter is secret by its name or its argument, or has a secret in its value."""
    action, value = draft.requested.action, draft.value
    if value in (None, ""):
        return False
    is_masked = action is not None and secrets.mask_argument(action, value) is not value
    return is_masked or secrets.mask_value(draft.name, value) is not value
