"""Check required arguments and mutually exclusive groups, because argparse does not know what SageMaker fills."""

from __future__ import annotations

import argparse
from typing import Any, Iterable, List, Sequence

from smargs import _argparse
from smargs.arguments.filling import FilledArguments, Origin


class Requirements:
    """The required arguments and the mutually exclusive groups of one parser in one parse."""

    def __init__(self, filled: FilledArguments, origin: Origin) -> None:
        """Lift the requirements of the working copy, so that argparse does not check them. :meth:`check` does.

        Args:
            filled: The arguments that SageMaker fills.
            origin: Where their values come from.
        """
        self._filled = filled
        self._origin = origin
        working_actions = _argparse.actions(filled.working)
        # The working copy shares the parser's list of arguments if no argument is required.
        has_required = working_actions is not _argparse.actions(filled.parser)
        self._required = [action for action in working_actions if action.required] if has_required else []
        for action in self._required:
            action.required = False
        self._required_groups: List[List[argparse.Action]] = []
        self._exclusive_groups: List[List[argparse.Action]] = []
        for group in _argparse.exclusive_groups(filled.working):
            self._lift_group(group)

    def check(self, namespace: object) -> None:
        """Check for conflicts, for values that do not fit and for missing arguments.

        Raises:
            argparse.ArgumentError: If one of these checks fails.
        """
        for group in self._exclusive_groups:
            self._check_exclusive(group, namespace)
        self._filled.finish(namespace)
        self._check_required()

    def excludes(self, action: argparse.Action) -> bool:
        """Return whether SageMaker's explicit value of another argument of an exclusive group excludes an argument."""
        groups = (group for group in self._exclusive_groups if action in group)
        return any(other is not action and self._is_sent(other) for group in groups for other in group)

    def _is_sent(self, action: argparse.Action) -> bool:
        """Return whether SageMaker sets an argument explicitly, and not to null."""
        filled = self._filled
        is_set = action in filled.values and action in filled.matches.explicit and action not in filled.unchanged
        return is_set and filled.values[action].value is not None

    def _lift_group(self, group: Any) -> None:
        filled, members = self._filled, _argparse.members(group)
        self._exclusive_groups.append(list(members))
        if group.required and filled.unchanged.issuperset(filled.values.keys() & members):
            self._required_groups.append(list(members))
        group.required = False
        # argparse counts a visited positional with no tokens as present. If SageMaker fills it, that must not be a conflict.
        _argparse.set_members(group, [action for action in members if action.option_strings or action not in filled.values])

    def _check_exclusive(self, group: Iterable[argparse.Action], namespace: object) -> None:
        """Check a mutually exclusive group. A typed value replaces the values of SageMaker.

        Raises:
            argparse.ArgumentError: If two arguments were typed, or if SageMaker sent values for two.
        """
        values, seen = self._filled.values, self._filled.seen
        typed = [action for action in group if action in seen]
        filled = [action for action in group if action in values and action not in seen | self._filled.unchanged]
        if typed:
            self._check_typed(typed)
            self._filled.remove(filled, typed, namespace)
        else:
            self._check_filled(filled, namespace)

    def _check_typed(self, typed: Sequence[argparse.Action]) -> None:
        # argparse rejects two typed options itself. Its group lacks the positionals that SageMaker fills, see _lift_group.
        if len(typed) > 1 and not self._filled.values.keys().isdisjoint(filter(_is_positional, typed)):
            raise argparse.ArgumentError(typed[1], f"not allowed with argument {_argparse.argument_name(typed[0])}")

    def _check_filled(self, filled: Iterable[argparse.Action], namespace: object) -> None:
        matches = self._filled.matches
        explicit = [action for action in filled if action in matches.explicit and _excludes_others(action, namespace)]
        for action in explicit[1:]:
            source = self._origin.name_source(self._filled.values[action])
            message = f"not allowed with argument {_argparse.argument_name(explicit[0])}{source}"
            self._origin.report(argparse.ArgumentError(action, message), action)
        if explicit:
            self._filled.remove([action for action in filled if action in matches.inferred], (), namespace)

    def _check_required(self) -> None:
        filled = self._filled
        present = {*filled.values, *filled.seen, *filled.visited}
        missing = {
            action: filled.refused.get(action)
            for action in self._required
            # The first pass of parse_intermixed_args suppresses positionals.
            if action not in present and action.nargs != argparse.SUPPRESS
        }
        if missing:
            self._origin.report_missing(missing, filled.working.prefix_chars)
        for group in self._required_groups:
            if filled.seen.isdisjoint(group):
                self._origin.report_missing_group(group, filled.working.prefix_chars)


def _is_positional(action: argparse.Action) -> bool:
    return not action.option_strings


def _excludes_others(action: argparse.Action, namespace: object) -> bool:
    """Return whether the value of an argument excludes the other arguments of its group, as argparse counts its default."""
    value = getattr(namespace, action.dest, None)
    return value is not action.default or (_argparse.DEFAULT_EXCLUDES_OTHERS and value is not None)
