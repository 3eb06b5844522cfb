"""The texts of errors and warnings about the arguments of a job."""

from __future__ import annotations

import argparse
import re
from typing import Iterable, List, Mapping, Optional

from smargs import _argparse
from smargs.arguments.names import can_be_filled, environment_variable, expected_variables
from smargs.container.job import Job
from smargs.container.variables import CHANNEL_PREFIX, HYPERPARAMETER_PREFIX, PLATFORM_CHANNELS, fold

_PREFIX_CHARACTERS = "-+/"


class MissingArguments:
    """The error for required arguments that are not on the command line and that the job does not fill."""

    def __init__(self, job: Job, prefix_chars: str, undeclared: Iterable[str]) -> None:
        """Begin without arguments.

        Args:
            job: The job.
            prefix_chars: The characters that option strings start with.
            undeclared: The hyperparameters that no argument declares.
        """
        self._job = job
        self._undeclared = {fold(name): name for name in undeclared}
        self._prefix_chars = prefix_chars
        self._channels = sorted({*job.channels, *job.outputs} - PLATFORM_CHANNELS)
        self._parts: List[str] = []
        self._absent_channels: List[str] = []

    def add(self, action: argparse.Action, refused: Optional[str]) -> None:
        """Add an argument.

        Args:
            action: The argument.
            refused: Why the value with the argument's name does not fit; None if there is no such value.
        """
        name = _argparse.argument_name(action)
        if can_be_filled(action) or getattr(action, "is_config_file_arg", False):
            name = f"{name} ({self._absent(action) if refused is None else refused})"
        self._parts.append(name)

    def text(self) -> str:
        """Return the error. It ends with what to type if a channel is missing."""
        ending = "".join(f"; to send a channel: {_how_to_send(name)}" for name in self._absent_channels[:1])
        return f"the following arguments are required: {', '.join(self._parts)}{ending}"

    def text_of_group(self, group: Iterable[argparse.Action]) -> str:
        """Return the error for a required mutually exclusive group. It ends with a hyperparameter whose name is similar."""
        shown = [action for action in group if action.help is not argparse.SUPPRESS]
        variables = [self._variables(action)[0] for action in filter(can_be_filled, shown)]
        hints = [f" ({variable} is not set{similar})" for variable in variables if (similar := self._similar(variable))]
        return f"one of the arguments {' '.join(map(_argparse.argument_name, shown))} is required{''.join(hints[:1])}"

    def _absent(self, action: argparse.Action) -> str:
        """Return which variables would have filled an argument, or that no input or output of a processing job does."""
        variables, here = self._variables(action), ", ".join(self._channels)
        if self._job.is_processing and not environment_variable(action):
            return f"no input or output has this name; the job has {here}" if here else "no input or output has this name"
        absent = f"{variables[0]} is not set" if len(variables) == 1 else f"neither {' nor '.join(variables)} is set"
        absent += self._similar(variables[0])
        if variables[0].startswith(CHANNEL_PREFIX):
            self._absent_channels.append(variables[0][len(CHANNEL_PREFIX) :].lower())
        return f"{absent}; the job's channels: {here}" if here and variables[-1].startswith(CHANNEL_PREFIX) else absent

    def _variables(self, action: argparse.Action) -> List[str]:
        """Return the variables that would have filled an argument: the one that it names, else those with its name."""
        named = environment_variable(action)
        return [named] if named else expected_variables(action, self._prefix_chars, among_channels=bool(self._channels))

    def _similar(self, variable: str) -> str:
        """Return that a hyperparameter with a similar name is set; an empty text if none is."""
        if not variable.startswith(HYPERPARAMETER_PREFIX):
            return ""
        import difflib  # Importing it takes 0.9 ms, and only errors need it.

        nearest = difflib.get_close_matches(fold(variable[len(HYPERPARAMETER_PREFIX) :]), self._undeclared, n=1)
        return f", but the hyperparameter {_shown(self._undeclared[nearest[0]])} is" if nearest else ""


def _how_to_send(channel: str) -> str:
    return f"fit({{'{channel}': 's3://...'}}) or smargs run --channel {channel}=DIRECTORY"


def no_channel_taken(channels: Iterable[str], arguments: Iterable[str]) -> str:
    """Return the warning for a job with channels, none of which fills an argument.

    Args:
        channels: The job's channels.
        arguments: The arguments that are named like channels.
    """
    return (
        f"no channel of this job ({', '.join(channels)}) has the name of an argument that takes one ({', '.join(arguments)}): "
        "give the channel and the argument the same name"
    )


def pipeline_variable(text: str) -> str:
    """Return what an error adds if a value is the text of a pipeline variable; an empty text for any other value.

    Source: the classes of ``sagemaker.workflow`` in the SDKs. The value of their objects is known only when the pipeline runs.
    """
    if re.match(r"(Parameter(Integer|Float|String|Boolean)|ExecutionVariable|Join|JsonGet|Properties)\(", text):
        return "; this is a pipeline variable that str() made a text: pass the variable itself, or its to_string()"
    return ""


def piped_channel(name: str, path: str) -> str:
    """Return the warning for a channel in Pipe mode.

    Source: "Accessing Training Data", https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html
    """
    return f"channel {name} is in Pipe mode: {path} is no directory; each epoch has a pipe: {path}_0, {path}_1, ..."


def unpacked_model(uri: str) -> str:
    """Return the warning for a model that a script writes to S3 itself."""
    return (
        f"the model directory is {uri}, from the hyperparameter model_dir, and the job packs only what is in SM_MODEL_DIR: "
        'declare env_var="SM_MODEL_DIR" to use that directory'
    )


def unrecognized_hyperparameters(names: Iterable[str], declared: Iterable[str], takers: Mapping[str, str]) -> str:
    """Return the error for hyperparameters that no argument declares, with the nearest option string for each.

    Args:
        names: The hyperparameters.
        declared: All option strings.
        takers: The hyperparameter that fills the argument of each option string.
    """
    options = list(declared)
    parts = [_with_nearest(name, options, takers) for name in names]
    return f"unrecognized hyperparameter{'s' * (len(parts) > 1)}: {', '.join(parts)}"


def unrecognized_keys(keys: Iterable[str], path: str, declared: Iterable[str]) -> str:
    """Return the error for keys of a config file that no argument declares, with the nearest option string for each."""
    options = list(declared)
    parts = [_with_nearest(key, options, None) for key in keys]
    return f"unrecognized arguments: {', '.join(parts)} in {path}"


def _shown(name: str) -> str:
    return name if name.isprintable() and name.split() == [name] else repr(name)


def _with_nearest(name: str, options: List[str], takers: Optional[Mapping[str, str]]) -> str:
    shown = _shown(name)
    import difflib

    bare_name = name.lstrip(_PREFIX_CHARACTERS)
    folded = fold(bare_name)
    # Only what follows the common part of dotted names shows whether a name is a typo of another.
    group = folded[: folded.rfind(".") + 1]
    declared = {fold(option.lstrip(_PREFIX_CHARACTERS)): option for option in reversed(options)}
    bare = {key[len(group) :]: option for key, option in declared.items() if key.startswith(group)}
    nearest = difflib.get_close_matches(folded[len(group) :], bare, n=1)
    if not nearest:
        return shown
    option = bare[nearest[0]]
    if bare_name != name:
        return f"{shown} (did you mean {option.lstrip(_PREFIX_CHARACTERS)}?)"  # The prefix may be the only mistake.
    if takers is not None and group + nearest[0] == folded:  # Unlike a hyperparameter, a key must have the exact name.
        return (
            f"{shown} ({option} already takes {takers[option]})" if option in takers else f"{shown} ({option} cannot take it)"
        )
    return f"{shown} (did you mean {option}?)"
