"""Which tokens of a command line SageMaker itself made from the hyperparameters.

Both platforms repeat the hyperparameters on the script's command line, and a shell in between may tear them apart. Such
tokens come in one run, which is equal to a platform's rendering once quotes, backslashes and white space are gone; values with
signs that a shell interprets may have become anything. Where a wrapper broke the run, an option and its value that stand there
as the platform writes them are recognised one by one. Every other token was typed by a person.
"""

from __future__ import annotations

from typing import AbstractSet, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from smargs.container.environment import SageMakerEnvironment
from smargs.container.sources import strip_shell_quoting
from smargs.container.spelling import as_sdk, as_toolkit
from smargs.container.variables import SDK, TOOLKIT

# The platform, and for each hyperparameter its name and the tokens that stand for it.
Rendering = Tuple[str, List[Tuple[str, Tuple[str, str]]]]

# What a shell expands, cuts or redirects where nothing is quoted.
_INTERPRETED = frozenset("$`*?;&|<>()~#!{}[]\n")


class CommandLine:
    """A command line, taken apart.

    Attributes:
        typed: The tokens that a person typed, in order.
        generated: For each hyperparameter that SageMaker put there, its tokens as SageMaker meant them.
        platform: ``toolkit`` or ``sdk``: who spells the hyperparameters.
    """

    __slots__ = ("generated", "platform", "typed")

    def __init__(self, typed: List[str], generated: Mapping[str, Tuple[str, str]], platform: str) -> None:
        self.typed = typed
        self.generated = generated
        self.platform = platform


def split_generated(tokens: List[str], environment: SageMakerEnvironment) -> CommandLine:
    """Tell the tokens that SageMaker generated from those that a person typed.

    Args:
        tokens: The command line, without the script's name, or what another parser left of it.
        environment: The job whose hyperparameters may be on it.

    Returns:
        The typed tokens and the generated ones. What is not wholly recognised counts as typed.
    """
    if isinstance(tokens, UnparsedTokens):
        return tokens.line
    kept = _kept(tokens, environment) if tokens else None
    if kept is not None:
        return CommandLine([], kept, TOOLKIT)  # Nobody typed anything.
    renderings: List[Rendering] = []
    for platform, pairs in _renderings(environment) if tokens else ():
        if tokens == [token for _, pair in pairs for token in pair]:
            return CommandLine([], dict(pairs), platform)
        renderings.append((platform, pairs))
    found = []
    for find, form in ((_find_whole, str), (_find_torn, strip_shell_quoting)):
        texts = [form(token) for token in tokens]
        for rendering in renderings:
            # Options whose values are all empty are what a person may type, unless the toolkit says that it made them.
            if find is _find_torn and not (
                environment.setting("SM_USER_ARGS") or any(strip_shell_quoting(pair[1]) for _, pair in rendering[1])
            ):
                continue
            found.append((*find(texts, [form(token) for _, pair in rendering[1] for token in pair]), rendering))
    nothing: Tuple[int, int, Rendering] = (0, 0, (environment.platform or TOOLKIT, []))
    # One platform's rendering may be a part of the other's: the longest is meant, and of equals the whole one.
    start, stop, rendering = max(found, key=lambda run: run[1] - run[0], default=nothing)
    if start == stop:
        damaged = ((*_find_damaged(tokens, rendering[1]), rendering) for rendering in renderings)
        start, stop, rendering = next((run for run in damaged if run[1]), nothing)
    if start < stop:
        return CommandLine([*tokens[:start], *tokens[stop:]], dict(rendering[1]), rendering[0])
    by_pair = {pair: name for _, pairs in renderings for name, pair in pairs}
    return CommandLine(*_take_out_pairs(tokens, by_pair), environment.platform or TOOLKIT)


def _kept(tokens: List[str], environment: SageMakerEnvironment) -> Optional[Mapping[str, Tuple[str, str]]]:
    """The hyperparameters' tokens, where the command line is just what the toolkit says that it made of them."""
    if not environment.lists("SM_USER_ARGS", tokens):
        return None
    options = tokens[::2]
    pairs = dict(zip([option.lstrip("-") for option in options], zip(options, tokens[1::2])))
    is_whole = 2 * len(pairs) == len(tokens) and pairs.keys() <= environment.hyperparameter_settings.keys()
    return pairs if is_whole else None


def _take_out_pairs(
    tokens: Sequence[str], pairs: Mapping[Tuple[str, str], str]
) -> Tuple[List[str], Dict[str, Tuple[str, str]]]:
    """Take out the whole renderings of single hyperparameters, each once, up to the end of the options."""
    typed: List[str] = []
    generated: Dict[str, Tuple[str, str]] = {}
    rest = list(tokens)
    while len(rest) > 1 and rest[0] != "--":
        pair = (rest[0], rest[1])
        name = pairs.get(pair)
        if name is not None and name not in generated:
            generated[name] = pair
            del rest[:2]
        else:
            typed.append(rest.pop(0))
    return [*typed, *rest], generated


class UnparsedTokens(List[str]):
    """The tokens that ``parse_known_args`` hands back; a second parser knows by it what the first has seen.

    Attributes:
        line: The command line of the second parser.
        claimed: The hyperparameters that the first parser declares.
    """

    def __init__(self, line: CommandLine, claimed: AbstractSet[str]) -> None:
        super().__init__([*line.typed, *(token for pair in line.generated.values() for token in pair)])
        self.line = line
        self.claimed = frozenset(claimed)


def render(platform: str, name: str, value: object) -> Tuple[str, str]:
    """Return the tokens of a hyperparameter as a platform puts them on a command line."""
    return render_as_sdk(name, value) if platform == SDK else render_as_toolkit(name, value)


def _renderings(environment: SageMakerEnvironment) -> Iterator[Rendering]:
    hyperparameters = environment.rendered_hyperparameters
    platforms = (SDK, TOOLKIT) if environment.platform == SDK else (TOOLKIT, SDK)
    for platform in platforms if hyperparameters else ():
        names = hyperparameters if platform == SDK else sorted(hyperparameters.keys() - environment.internal)
        yield platform, [(name, render(platform, name, hyperparameters[name])) for name in names]
    kept = environment.setting("SM_USER_ARGS")
    if kept and isinstance(kept.value, list):
        texts = [str(token) for token in kept.value]
        pairs = [(name.lstrip("-"), (name, value)) for name, value in zip(texts[::2], texts[1::2])]
        if all(name in environment.hyperparameter_settings for name, _ in pairs):
            yield TOOLKIT, pairs


def render_as_sdk(name: str, value: object) -> Tuple[str, str]:
    """Return the tokens of a hyperparameter as SDK v3 puts them on a command line."""
    return f"--{name}", as_sdk(value)


def render_as_toolkit(name: str, value: object) -> Tuple[str, str]:
    """Return the tokens of a hyperparameter as the toolkit puts them on a command line."""
    return (f"--{name}" if len(name) > 1 else f"-{name}"), as_toolkit(value)


def _find_whole(tokens: Sequence[str], run: Sequence[str]) -> Tuple[int, int]:
    """Where a run stands token by token: the first index and the one after the last."""
    for start, token in enumerate(tokens):
        if run and token == run[0] and list(tokens[start : start + len(run)]) == run:
            return start, start + len(run)
    return 0, 0


def _find_torn(tokens: Sequence[str], run: Sequence[str]) -> Tuple[int, int]:
    """Where a run stands however a shell cut it, both squashed: the first index and the one after the last."""
    text, wanted = "".join(tokens), "".join(run)
    begins: Dict[int, int] = {}
    ends: Dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        begins[offset] = index
        offset += len(token)
        ends.setdefault(offset, index + 1)
    found = text.find(wanted) if wanted else -1
    while found >= 0:
        # A shell tears a name where there is white space, and leaves more of it than a hyphen.
        if found in begins and found + len(wanted) in ends and tokens[begins[found]][:2] == run[0][:2]:
            stop = ends[found + len(wanted)]
            # A last value that is empty leaves an empty token, unless the shell dropped it: an option follows, or nothing.
            following = tokens[stop] if run[-1] == "" and stop < len(tokens) else "-"
            if following[:1] in ("", "-"):
                return begins[found], stop + (following == "")
        found = text.find(wanted, found + 1)
    return 0, 0


def _find_damaged(tokens: Sequence[str], pairs: Sequence[Tuple[str, Tuple[str, str]]]) -> Tuple[int, int]:
    """Where a rendering stands of which a shell has expanded or cut some values: the first index and the one after the last."""
    run = [pair for _, pair in pairs]
    for start in range(len(tokens)):
        stop = _end_of_damaged(tokens, start, run)
        if stop is not None:
            return start, stop
    return 0, 0


def _end_of_damaged(tokens: Sequence[str], place: int, run: Sequence[Tuple[str, str]]) -> Optional[int]:
    """Where a run ends that starts at a place; None if it does not stand there with one whole value at least.

    Without one, it could be what a person typed. A damaged value goes on to the next option, the last one to whatever looks
    like an option and is no part of it. Behind it there may be nothing: the shell took the rest for a comment, or for another
    command.
    """
    damaged, whole = False, False
    for (option, value), (following, _) in zip(run, [*run[1:], ("", "")]):
        if damaged and place == len(tokens):
            break
        if tokens[place : place + 1] != [option]:
            return None
        place += 1
        damaged = bool(_INTERPRETED.intersection(value))
        if damaged:
            while place < len(tokens) and not _follows(tokens[place], following, value):
                place += 1
        else:
            end = _end_of_value(tokens, place, strip_shell_quoting(value))
            if end is None:
                return None
            # An option whose value is empty is what a person may type.
            place, whole = end, whole or bool(strip_shell_quoting(value))
    return place if whole else None


def _follows(token: str, following: str, value: str) -> bool:
    """Whether a damaged value ends before a token: before the next option, or, where none follows, any that is not in it."""
    return (
        token == following if following else token[:1] == "-" and strip_shell_quoting(token) not in strip_shell_quoting(value)
    )


def _end_of_value(tokens: Sequence[str], place: int, wanted: str) -> Optional[int]:
    """Where a squashed value ends that a shell may have torn; None if it does not stand there."""
    found = ""
    while len(found) < len(wanted) and place < len(tokens):
        found += strip_shell_quoting(tokens[place])
        place += 1
    # An empty value leaves an empty token, unless the shell dropped it.
    place += wanted == "" and tokens[place : place + 1] == [""]
    return place if found == wanted else None
