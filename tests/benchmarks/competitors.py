"""The same work for each competitor: N typed arguments, declared and parsed by the way that its own documentation shows first.

Nothing is imported but where it is used, so that a child process imports one competitor alone, and what that needs. Every parse
reads ``sys.argv`` and ``os.environ``, as a script's does.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # Not from typing, which takes time to import and which some competitors do not need.
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple

    Parse = Callable[[], Mapping[str, object]]

IN_THE_JOB, ENVIRONMENT_ONLY, NOTHING_SET, TYPED = "in the job", "environment only", "nothing set", "options typed"


def arguments(count: int) -> Iterator[Tuple[str, type, Any, object]]:
    """Each argument's name, type, default and the value that a job has for it."""
    for place in range(count):
        kind = ("number", "rate", "text")[place % 3]
        yield f"{kind}_{place}", *((int, -1, 7 * place), (float, -1.0, place + 0.5), (str, "none", f"text {place}"))[place % 3]


def smargs(count: int) -> Parse:
    """Source: README.md."""
    from smargs import SageMakerArgumentParser

    return _declare_like_argparse(SageMakerArgumentParser(), count)


def argparse(count: int) -> Parse:
    """Source: https://docs.python.org/3/library/argparse.html."""
    from argparse import ArgumentParser

    return _declare_like_argparse(ArgumentParser(), count)


def configargparse(count: int) -> Parse:
    """Source: https://github.com/bw2/ConfigArgParse#special-values, ``auto_env_var_prefix``."""
    from configargparse import ArgumentParser

    return _declare_like_argparse(ArgumentParser(auto_env_var_prefix="SM_HP_"), count)


def jsonargparse(count: int) -> Parse:
    """Source: https://jsonargparse.readthedocs.io/en/stable/#environment-variables."""
    from jsonargparse import ArgumentParser

    return _declare_like_argparse(ArgumentParser(default_env=True, env_prefix="SM_HP"), count)


def _declare_like_argparse(parser: Any, count: int) -> Parse:
    for name, wanted, default, _ in arguments(count):
        parser.add_argument(f"--{name}", type=wanted, default=default)
    return lambda: vars(parser.parse_args())


def pydantic_settings(count: int) -> Parse:
    """Source: https://docs.pydantic.dev/latest/concepts/pydantic_settings/."""
    from pydantic import create_model
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Prefixed(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SM_HP_")

    fields: Dict[str, Any] = {name: (wanted, default) for name, wanted, default, _ in arguments(count)}
    settings = create_model("Settings", __base__=Prefixed, **fields)
    return lambda: vars(settings())


def simple_parsing(count: int) -> Parse:
    """Source: https://github.com/lebrice/SimpleParsing#simple-elegant-typed-argument-parsing."""
    from dataclasses import make_dataclass

    from simple_parsing import ArgumentParser

    parser = ArgumentParser()
    parser.add_arguments(make_dataclass("Options", [argument[:3] for argument in arguments(count)]), dest="options")
    return lambda: vars(parser.parse_args().options)


def typed_argument_parser(count: int) -> Parse:
    """Source: https://github.com/swansonk14/typed-argument-parser#tap."""
    from tap import Tap

    defaults = {name: default for name, _, default, _ in arguments(count)}
    types = {name: wanted for name, wanted, _, _ in arguments(count)}
    parser = type("Arguments", (Tap,), {"__annotations__": types, **defaults})()
    return lambda: parser.parse_args().as_dict()


def click(count: int) -> Parse:
    """Source: https://click.palletsprojects.com/en/stable/options/#values-from-environment-variables."""
    import click as library

    command = library.command()(lambda **values: values)
    command.params = [
        library.Option([f"--{name}"], type=wanted, default=default) for name, wanted, default, _ in arguments(count)
    ]
    return lambda: command(auto_envvar_prefix="SM_HP", standalone_mode=False)


def environs(count: int) -> Parse:
    """Source: https://github.com/sloria/environs#handling-prefixes."""
    from environs import env

    def parse() -> Mapping[str, object]:
        readers = {int: env.int, float: env.float, str: env.str}
        with env.prefixed("SM_HP_"):
            return {name: readers[wanted](name.upper(), default) for name, wanted, default, _ in arguments(count)}

    return parse


def toolkit(count: int) -> Parse:
    """Source: https://github.com/aws/sagemaker-training-toolkit#get-information-about-the-container-environment."""
    from sagemaker_training import environment

    return lambda: environment.Environment().hyperparameters


class Competitor:
    """One competitor: its name, what a script imports, how it declares and parses, and the work that it can do."""

    def __init__(self, label: str, imports: str, declare: Callable[[int], Parse], works: Tuple[str, ...]) -> None:
        self.label = label
        self.imports = imports
        self.declare = declare
        self.works = works


ARGV, ENVIRONMENT = (IN_THE_JOB, NOTHING_SET, TYPED), (IN_THE_JOB, ENVIRONMENT_ONLY, NOTHING_SET)
EVERY = (IN_THE_JOB, ENVIRONMENT_ONLY, NOTHING_SET, TYPED)

COMPETITORS: List[Competitor] = [
    Competitor("smargs", "from smargs import SageMakerArgumentParser", smargs, EVERY),
    Competitor("argparse", "from argparse import ArgumentParser", argparse, ARGV),
    Competitor("ConfigArgParse", "from configargparse import ArgumentParser", configargparse, EVERY),
    Competitor("jsonargparse", "from jsonargparse import ArgumentParser", jsonargparse, EVERY),
    Competitor("pydantic-settings", "from pydantic_settings import BaseSettings", pydantic_settings, ENVIRONMENT),
    Competitor("simple-parsing", "from simple_parsing import ArgumentParser", simple_parsing, ARGV),
    Competitor("typed-argument-parser", "from tap import Tap", typed_argument_parser, ARGV),
    Competitor("click", "import click", click, EVERY),
    Competitor("environs", "from environs import env", environs, ENVIRONMENT),
    Competitor("sagemaker-training", "from sagemaker_training import environment", toolkit, (IN_THE_JOB, ENVIRONMENT_ONLY)),
]


def wrong_value(parse: Parse, count: int, work: str) -> str:
    """The first value that a competitor parsed wrongly, in words; empty if each value has the right type and is equal."""
    values = parse()
    for name, wanted, default, value in arguments(count):
        expected = default if work == NOTHING_SET else value
        if name not in values or type(values[name]) is not wanted or values[name] != expected:
            return f"{name} is {values.get(name)!r}, not {expected!r}"
    return ""


def peak() -> int:
    """The peak memory of this process in KiB, as Linux counts it, without that of the process that started it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def once() -> None:
    """A whole script: declare and parse once, as a job's process does."""
    label, count = sys.argv.pop(1), int(sys.argv.pop(1))
    next(competitor.declare for competitor in COMPETITORS if competitor.label == label)(count)()
    print(peak())
