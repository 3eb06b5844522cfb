"""The platform's tokens on a script's command line, and how each platform writes a value there.

Both platforms repeat the hyperparameters on the command line, in one contiguous run of tokens. An unquoting shell may split
the tokens and remove quotes, backslashes and white space, so a run is compared with a platform's rendering without these
characters. A value with a character that a shell interprets may become anything. If a wrapper script broke up the run,
an option and its value are recognised if both are spelled as the platform spells them. Every other token counts as typed.
"""

from __future__ import annotations

import json
from typing import AbstractSet, Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from smargs.container.hyperparameters import strip_shell_quoting
from smargs.container.job import Job
from smargs.container.variables import SDK, TOOLKIT
from smargs.texts import decode

_Pair = Tuple[str, str]
"""The two tokens of a hyperparameter: an option and its value."""

# The characters that a shell, outside quotes, expands or reads as a comment, a redirection or the end of a command.
_INTERPRETED = frozenset("$`*?;&|<>()~#!{}[]\n")


class Rendering(NamedTuple):
    """Hyperparameters as a platform writes them on a command line.

    Attributes:
        platform: The platform: ``toolkit`` or ``sdk``.
        names: The hyperparameters.
        tokens: Two tokens for each hyperparameter: an option and its value.
    """

    platform: str
    names: List[str]
    tokens: List[str]

    @property
    def pairs(self) -> List[_Pair]:
        """The two tokens of each hyperparameter."""
        return list(zip(self.tokens[::2], self.tokens[1::2]))

    @property
    def has_text(self) -> bool:
        """Whether any value has a character that a shell does not remove."""
        return any(map(strip_shell_quoting, self.tokens[1::2]))


class CommandLine(NamedTuple):
    """A command line in two parts.

    Attributes:
        typed: The tokens that a person typed, in order.
        generated: The tokens that the platform wrote.
    """

    typed: List[str]
    generated: Rendering

    @property
    def platform_tokens(self) -> Mapping[str, _Pair]:
        """The two tokens of each hyperparameter on the command line, as the platform wrote them."""
        return dict(zip(self.generated.names, self.generated.pairs))


_Run = Tuple[range, Rendering]
"""The indices of the tokens that hold a rendering, and the rendering. The range is empty if no tokens hold it."""


class UnparsedTokens(List[str]):
    """The tokens that ``parse_known_args`` returns, with what a second parser needs to know about the first one.

    A script may change the list. Slices and sums of it know about the first parser, too.
    """

    def __init__(self, line: CommandLine, claimed: AbstractSet[str]) -> None:
        """Join the two parts of a command line.

        Args:
            line: The command line of the second parser.
            claimed: The hyperparameters that the first parser declares.
        """
        super().__init__([*line.typed, *line.generated.tokens])
        self._line = line
        self._claimed = frozenset(claimed)

    @property
    def line(self) -> CommandLine:
        """The tokens in two parts. If the script changed the list, an option and its value are recognised together."""
        if self == [*self._line.typed, *self._line.generated.tokens]:
            return self._line
        typed, pairs = _split_pairs(self, [self._line.generated])
        return CommandLine(typed, rendering_of(self._line.generated.platform, pairs))

    @property
    def claimed(self) -> AbstractSet[str]:
        """The hyperparameters that the first parser declares, and those that the script has removed from the list."""
        return self._claimed | set(self._line.generated.names).difference(self.line.generated.names)

    def __getitem__(self, index: Any) -> Any:
        return self._with(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)

    def __add__(self, other: List[Any]) -> List[Any]:
        return self._with([*self, *other])

    def __radd__(self, other: List[Any]) -> List[Any]:
        return self._with([*other, *self])

    def copy(self) -> List[str]:
        """Return a copy of the list."""
        return self._with(self)

    def _with(self, tokens: Iterable[str]) -> UnparsedTokens:
        changed = UnparsedTokens(self._line, self._claimed)
        list.__setitem__(changed, slice(None), tokens)
        return changed


def as_toolkit(value: object) -> str:
    """Return a value as the toolkit writes it on a command line. Source: its ``mapping.to_cmd_args``."""
    if isinstance(value, dict):
        return ",".join(f"{key}={inner}" for key, inner in sorted(value.items()))
    return "" if value is None else str(value)


def as_sdk(value: object) -> str:
    """Return a value as SDK v3 writes it on a command line. SDK v3 decodes a text that is JSON once more.

    Source: ``hyperparameters_to_cli_args`` of its container drivers.
    """
    decoded = decode(value) if isinstance(value, str) else value
    return decoded if isinstance(decoded, str) else json.dumps(decoded)


def as_written(platform: str, value: object) -> str:
    """Return a value as a platform writes it on a command line: ``toolkit`` or ``sdk``."""
    return as_sdk(value) if platform == SDK else as_toolkit(value)


def tokens_of(platform: str, name: str, value: object) -> _Pair:
    """Return the two tokens that a platform puts on a command line for a hyperparameter.

    Args:
        platform: ``toolkit`` or ``sdk``.
        name: The hyperparameter.
        value: Its decoded value.
    """
    prefix = "-" if platform == TOOLKIT and len(name) == 1 else "--"
    return prefix + name, as_written(platform, value)


def rendering_of(platform: str, pairs: Mapping[str, _Pair]) -> Rendering:
    """Return the rendering that consists of these tokens: two for each hyperparameter."""
    return Rendering(platform, list(pairs), [token for pair in pairs.values() for token in pair])


def split_generated(tokens: Sequence[str], job: Job) -> CommandLine:
    """Split a command line into the tokens that a person typed and those that the platform generated.

    Args:
        tokens: The command line without the script's name, or the tokens that another parser returned.
        job: The job whose hyperparameters may be on the command line.

    Returns:
        Both parts. A token that is not recognised counts as typed.
    """
    if isinstance(tokens, UnparsedTokens):
        return tokens.line
    renderings: List[Rendering] = []
    for rendering in _renderings(job) if tokens else ():
        if tokens == rendering.tokens:
            return CommandLine([], rendering)
        renderings.append(rendering)
    run = _longest_run(tokens, renderings, job) or _damaged_run(tokens, renderings)
    if run:
        indices, rendering = run
        return CommandLine([*tokens[: indices.start], *tokens[indices.stop :]], rendering)
    typed, pairs = _split_pairs(tokens, renderings)
    return CommandLine(typed, rendering_of(job.platform or TOOLKIT, pairs))


def _renderings(job: Job) -> Iterator[Rendering]:
    """Yield the renderings that may be on the command line: the toolkit's own record of it, then each platform's."""
    record = _record(job)
    if record:
        yield record
    values = job.hyperparameters_as_sent
    for platform in (SDK, TOOLKIT) if job.platform == SDK else (TOOLKIT, SDK):
        names = values if platform == SDK else sorted(values.keys() - job.internal)
        yield rendering_of(platform, {name: tokens_of(platform, name, values[name]) for name in names})


def _record(job: Job) -> Optional[Rendering]:
    """Return the toolkit's record of the command line; None if it contains anything but pairs of hyperparameters."""
    record = job.variable("SM_USER_ARGS")
    if not record or not isinstance(record.value, list):
        return None
    tokens = list(map(str, record.value))
    names = [option.lstrip("-") for option in tokens[::2]]
    is_complete = len(tokens) % 2 == 0 and job.hyperparameters.keys() >= set(names)
    return Rendering(TOOLKIT, names, tokens) if is_complete else None


def _longest_run(tokens: Sequence[str], renderings: Sequence[Rendering], job: Job) -> Optional[_Run]:
    """Return the longest run that holds a rendering, because one platform's rendering may be a part of the other's."""
    exact = [_find_run(_find_exact, tokens, rendering) for rendering in renderings]
    # Without shell quoting, a rendering whose values are all empty has only options, which a person may type. If a variable
    # shows the platform, the platform wrote them, because it always writes the hyperparameters.
    candidates = [rendering for rendering in renderings if job.platform or rendering.has_text]
    stripped = [strip_shell_quoting(token) for token in tokens] if candidates else []
    unquoted = [_find_run(_find_unquoted, stripped, rendering, strip_shell_quoting) for rendering in candidates]
    longest = max((*exact, *unquoted), key=lambda run: len(run[0]), default=None)
    return longest if longest and longest[0] else None


def _find_run(
    find: Callable[[Sequence[str], Sequence[str]], range],
    tokens: Sequence[str],
    rendering: Rendering,
    form: Callable[[str], str] = str,
) -> _Run:
    return find(tokens, [form(token) for token in rendering.tokens]), rendering


def _damaged_run(tokens: Sequence[str], renderings: Sequence[Rendering]) -> Optional[_Run]:
    """Return the run that holds a rendering with some values mangled by a shell."""
    for rendering in renderings:
        options = [option for option, _ in rendering.pairs]
        run = list(zip(rendering.pairs, [*options[1:], ""]))
        for start in range(len(tokens)):
            stop = _end_of_damaged(tokens, start, run)
            if stop is not None:
                return range(start, stop), rendering
    return None


def _split_pairs(tokens: Sequence[str], renderings: Sequence[Rendering]) -> Tuple[List[str], Dict[str, _Pair]]:
    """Return the typed tokens, and the pairs that equal a hyperparameter's. Each counts once, and none after ``--``."""
    names = {pair: name for rendering in renderings for name, pair in zip(rendering.names, rendering.pairs)}
    typed: List[str] = []
    generated: Dict[str, _Pair] = {}
    index = 0
    while index < len(tokens) - 1 and tokens[index] != "--":
        pair = (tokens[index], tokens[index + 1])
        name = names.get(pair)
        if name is not None and name not in generated:
            generated[name] = pair
            index += 2
        else:
            typed.append(tokens[index])
            index += 1
    return [*typed, *tokens[index:]], generated


def _find_exact(tokens: Sequence[str], run: Sequence[str]) -> range:
    """Return the indices of the tokens that equal a run."""
    for start, token in enumerate(tokens):
        if run and token == run[0] and list(tokens[start : start + len(run)]) == run:
            return range(start, start + len(run))
    return range(0)


def _find_unquoted(tokens: Sequence[str], run: Sequence[str]) -> range:
    """Return the indices of the tokens that an unquoting shell makes of a run: joined, both are the same text.

    Args:
        tokens: The tokens, without shell quoting.
        run: The run, without shell quoting.
    """
    text, run_text = "".join(tokens), "".join(run)
    begins: Dict[int, int] = {}
    ends: Dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        begins[offset] = index
        offset += len(token)
        ends.setdefault(offset, index + 1)
    position = text.find(run_text) if run_text else -1
    while position >= 0:
        stop = ends.get(position + len(run_text))
        # A shell splits an option only at white space, so its first token has more than the first hyphen.
        if position in begins and stop is not None and tokens[begins[position]].startswith(run[0][:2]):
            # An empty last value is an empty token. If the shell dropped that, an option follows, or the command line ends.
            following = tokens[stop] if run[-1] == "" and stop < len(tokens) else "-"
            if following[:1] in ("", "-"):
                return range(begins[position], stop + (following == ""))
        position = text.find(run_text, position + 1)
    return range(0)


def _end_of_damaged(tokens: Sequence[str], index: int, run: Sequence[Tuple[_Pair, str]]) -> Optional[int]:
    """Return the index after a run that begins at an index; None if no run with at least one intact value begins there.

    Each pair of the run comes with the option that follows it, or with an empty text.

    A person could have typed a run without an intact value. A damaged value extends to the next option of the run. A damaged
    last value extends to the next token that looks like an option and is not a part of the value. A run may end after a damaged
    value, because the shell may have read the rest as a comment or as another command.
    """
    is_damaged, has_intact_value = False, False
    for (option, value), following in run:
        if is_damaged and index == len(tokens):
            break
        if tokens[index : index + 1] != [option]:
            return None
        index += 1
        is_damaged = not _INTERPRETED.isdisjoint(value)
        if is_damaged:
            index = _end_of_damaged_value(tokens, index, following, value)
            continue
        end = _end_of_value(tokens, index, strip_shell_quoting(value))
        if end is None:
            return None
        # An empty value does not count as intact, because a person may type one.
        index, has_intact_value = end, has_intact_value or bool(strip_shell_quoting(value))
    return index if has_intact_value else None


def _end_of_damaged_value(tokens: Sequence[str], index: int, following: str, value: str) -> int:
    """Return the index of the following option; for a last value, of a token that looks like an option and is no part of it."""
    while index < len(tokens):
        token = tokens[index]
        if following and token == following:
            break
        if not following and token[:1] == "-" and strip_shell_quoting(token) not in strip_shell_quoting(value):
            break
        index += 1
    return index


def _end_of_value(tokens: Sequence[str], index: int, value: str) -> Optional[int]:
    """Return the index after a value, without shell quoting, that a shell may have cut; None if the value is not there."""
    text = ""
    while len(text) < len(value) and index < len(tokens):
        text += strip_shell_quoting(tokens[index])
        index += 1
    # An empty value is an empty token, unless the shell dropped it.
    index += value == "" and tokens[index : index + 1] == [""]
    return index if text == value else None
