"""Run a script up to the end of its first parse, and show where each argument has its value from.

``python -m smargs.cli.preview [--patch] SCRIPT [ARGS...]`` is started in the place of the script. It wraps methods of
argparse in its own process, which ends with the parse.
"""

from __future__ import annotations

import argparse
import functools
import os
import runpy
import shlex
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, NoReturn, Optional, Set, Tuple

import configargparse  # type: ignore[import-untyped]

from smargs import mixin
from smargs.arguments import filling, matching
from smargs.arguments import help as display
from smargs.cli.tables import print_table
from smargs.container.environment import masked
from smargs.container.sources import SourcedValue
from smargs.container.variables import MASK
from smargs.parsing import ParseContext, tokens_of

# As it is before anything is patched.
_Parser: Any = argparse.ArgumentParser

_COLUMNS = ("argument", "value", "type", "source", "overrode")
_PARSES = ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args")
_ADDING = (argparse._AppendAction, argparse._AppendConstAction, argparse._CountAction)
_DEFAULT = "default"


class _Told(NamedTuple):
    """A value that some source has for an argument."""

    value: object
    source: str


class Watch:
    """Watches the parsers of this process, and ends it with the first parse of its command line.

    Attributes:
        under_way: Whether that parse has begun.
        parsers: What parsed in it, in order, each with its namespace and its job.
        seen: The arguments that had tokens: typed, or put there by ConfigArgParse.
        in_files: What config files say, by their keys.
        secrets: Texts that must not be shown.
    """

    def __init__(self) -> None:
        self.under_way = False
        self.parsers: Dict[int, Tuple[Any, object, ParseContext]] = {}
        self.seen: Set[argparse.Action] = set()
        self.in_files: Dict[str, object] = {}
        self.secrets: Set[str] = set()

    def hook(self) -> None:
        """Wrap the methods that parse, of each class of parsers that there is or will be."""
        # argparse has no public way to see which argument is given which tokens.
        _wrap(_Parser, "_parse_known_args", self._note_parser)
        _wrap(_Parser, "_get_values", self._note_values)
        for reader in [cls for cls in _with_subclasses(configargparse.ConfigFileParser) if "parse" in vars(cls)]:
            _wrap(reader, "parse", self._note_file)
        for cls in (mixin.SageMakerParserMixin, *_with_subclasses(_Parser)):
            self._hook_class(cls)

        @classmethod  # type: ignore[misc]
        def hook_subclass(cls: Any, **settings: Any) -> None:
            super(_Parser, cls).__init_subclass__(**settings)
            self._hook_class(cls)

        _Parser.__init_subclass__ = hook_subclass

    def _hook_class(self, cls: type) -> None:
        methods = [vars(cls)[name] for name in _PARSES if name in vars(cls)]
        # By what they are: ConfigArgParse has further names for some.
        for name in [name for name, member in vars(cls).items() if any(member is method for method in methods)]:
            _wrap(cls, name, self._stop_after)

    def _stop_after(self, parse: Callable[..., Any], parser: Any, *args: Any, **settings: Any) -> Any:
        if self.under_way or not _is_command_line(args[0] if args else settings.get("args")):
            return parse(parser, *args, **settings)
        self.under_way = True
        try:
            result = parse(parser, *args, **settings)
            self._show(result, parser.prefix_chars)
        except SystemExit as end:
            self._stop(_status(end))
        finally:
            self.under_way = False
        return self._stop(0)

    def _stop(self, status: int) -> NoReturn:
        # Not by an exception: a script that catches SystemExit or Exception would go on to train.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def _note_parser(self, parse: Callable[..., Any], parser: Any, tokens: Any, namespace: Any, *rest: Any, **more: Any) -> Any:
        job = mixin._current.get() or ParseContext(os.environ, strict=False)
        self.parsers[id(parser)] = (parser, namespace, job)
        return parse(parser, tokens, namespace, *rest, **more)

    def _note_values(self, read: Callable[..., Any], parser: Any, action: argparse.Action, texts: List[str]) -> Any:
        self.seen.update((action,) if action.option_strings or texts else ())
        self.secrets.update(texts if matching.is_secret_argument(action) else ())
        return read(parser, action, texts)

    def _note_file(self, read: Callable[..., Any], reader: Any, *args: Any) -> Any:
        items = read(reader, *args)
        # The file that counts most is read first.
        self.in_files.update({key: value for key, value in items.items() if key not in self.in_files})
        return items

    def _show(self, result: Any, prefix_chars: str) -> None:
        """Print the table of a parse that has returned."""
        namespace, unknown = result if isinstance(result, tuple) else (result, [])
        self.secrets |= matching.secret_tokens(sys.argv[1:], prefix_chars)
        self.secrets.update(*(display.secrets_of(job) for _, _, job in self.parsers.values()))
        # In the repr of a value its special characters are escaped.
        self.secrets.update([repr(text)[1:-1] for text in self.secrets])
        rows = [self._row(action, getattr(namespace, dest), told) for dest, (action, told) in self._winners(namespace).items()]
        if unknown:
            left = " ".join(map(shlex.quote, display.mask_tokens(unknown, prefix_chars)))
            rows.append(("(not declared)", display.mask(left, self.secrets), "", "", ""))
        print_table(_COLUMNS, rows)

    def _row(self, action: argparse.Action, value: object, told: List[_Told]) -> Tuple[str, str, str, str, str]:
        secret = matching.is_secret_argument(action)
        source, overrode = told[0].source, ""
        if told[1:] and action in self.seen and isinstance(action, _ADDING):
            source = f"{source}, added to {told[-1].source}"
        elif told[1:]:
            beaten = told[1].value
            overrode = f"{self._shown(beaten, secret, beaten if isinstance(beaten, str) else '')} ({told[1].source})"
        name = max(action.option_strings, key=len, default=action.dest)
        return name, self._shown(value, secret), type(value).__name__, source, overrode

    def _shown(self, value: object, secret: bool, text: str = "") -> str:
        """A text, or else the repr of a value, without secrets."""
        if secret and value is not None:
            return MASK
        cleaned = repr(masked("", value))
        return display.mask(text or (cleaned if MASK in cleaned else repr(value)), self.secrets)

    def _winners(self, namespace: object) -> Dict[str, Tuple[argparse.Action, List[_Told]]]:
        """For each dest the argument that filled it, and all that was told for it, the winner first."""
        winners = {}
        for parser, own, job in self.parsers.values():
            ranked: Dict[str, Tuple[argparse.Action, List[_Told]]] = {}
            for action in parser._actions:
                if hasattr(own, action.dest) and hasattr(namespace, action.dest):
                    told = list(self._sources(parser, action, job))
                    if action.dest not in ranked or ranked[action.dest][1][0].source == _DEFAULT != told[0].source:
                        ranked[action.dest] = (action, told)
            # argparse stores what a subparser has over what its parser has.
            winners.update(ranked)
        return winners

    def _sources(self, parser: Any, action: argparse.Action, job: ParseContext) -> Iterator[_Told]:
        """Everything that has a value for an argument, the winner first."""
        read = _read_by_configargparse(parser, action)
        setting = _of_sagemaker(parser, action, job)
        typed = action in self.seen and not read
        if typed:
            yield _Told(None, "command line")
        variable = matching.environment_variable(action) or ""
        if variable in job.environ and (setting is None or setting.source != variable) and (typed or "environment" in read):
            yield _Told(job.environ[variable], variable)
        if setting:
            yield _Told(setting.text, setting.source)
        # What is typed, or in a variable, keeps ConfigArgParse from taking what a file says.
        keys = parser.get_possible_config_keys(action) if hasattr(parser, "get_possible_config_keys") else ()
        in_files = [*(self.in_files[key] for key in keys if key in self.in_files), *(read[at] for at in read if at == "config")]
        yield from [_Told(value, "config file") for value in in_files[:1]]
        if action.default not in (None, argparse.SUPPRESS) or not (typed or read or setting):
            yield _Told(action.default, _DEFAULT)


def _read_by_configargparse(parser: Any, action: argparse.Action) -> Dict[str, object]:
    """What ConfigArgParse read for an argument in its last parse, by where: ``environment``, ``config``."""
    told: Any = getattr(parser, "_source_to_settings", None) or {}
    return {
        source.partition("_")[0]: value
        for source, settings in told.items()
        if source.startswith(("environment", "config_file"))
        for taken, value in settings.values()
        if taken is action
    }


def _of_sagemaker(parser: Any, action: argparse.Action, job: ParseContext) -> Optional[SourcedValue]:
    """What SageMaker has for an argument, also where a variable of the user's own kept it out."""
    fill = getattr(parser, "_fill", None)
    if fill is None:
        return None
    if filling.own_setting(parser, action, job.environ):
        found = matching.match(parser, job.environment)
        guesses = found.guesses.get(action)
        return found.meant.get(action) or (guesses[0][0] if guesses else None)
    setting: Optional[SourcedValue] = fill.settings.get(action)
    return setting


def _is_command_line(args: Any) -> bool:
    """Whether the tokens that a parser is given are those of the process."""
    return args is None or (isinstance(args, (str, list, tuple)) and tokens_of(args) == sys.argv[1:])


def _wrap(cls: Any, name: str, around: Callable[..., Any]) -> None:
    """Have a function called around a method that a class defines itself."""
    method = vars(cls)[name]

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **settings: Any) -> Any:
        return around(method, self, *args, **settings)

    setattr(cls, name, wrapped)


def _with_subclasses(cls: type) -> Iterator[type]:
    yield cls
    subclasses: List[type] = cls.__subclasses__()
    for subclass in subclasses:
        yield from _with_subclasses(subclass)


def _status(end: SystemExit) -> int:
    """The status that Python would end with; it prints what is no number."""
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0)
    print(end.code, file=sys.stderr)
    return 1


def main() -> int:
    """Run a script up to the end of its first parse, show the table, and end the process there.

    Returns:
        The status 2, where there is no script, or it ends without having parsed, and 1 where it fails before.
    """
    tokens = sys.argv[1:]
    patched = tokens[:1] == ["--patch"]
    sys.argv = tokens[patched:]
    script = next(iter(sys.argv), "")
    if not os.path.exists(script):
        print(f"there is no script {script!r}", file=sys.stderr)
        return 2
    if patched:
        from smargs import patch

        patch.install()
    Watch().hook()
    sys.path[0] = os.path.dirname(os.path.realpath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    except Exception as error:
        _report(error, script)
        return 1
    print(f"{os.path.basename(script)} ended without parsing its arguments", file=sys.stderr)
    return 2


def _report(error: Exception, script: str) -> None:
    """Show a traceback as Python would have, had it run the script itself."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


if __name__ == "__main__":
    # By its name: warnings of a parse go by that to point at the script's line.
    from smargs.cli.preview import main as run

    sys.exit(run())
