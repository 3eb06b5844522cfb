"""The command ``smargs run`` for a job of a test: to run the job, and to repeat it by hand."""

from __future__ import annotations

import json
import os
import shlex
from typing import List, Mapping

from smargs.local.job import TOOLKIT, Hyperparameter, TrainingJob
from smargs.secrets.masking import Secrets
from smargs.testing.channels import Paths
from smargs.texts import decode


def job_options(job: TrainingJob) -> List[str]:
    """Return the options of a job, except its hyperparameters and channels."""
    return [
        *(["--platform", job.platform] if job.platform != TOOLKIT else []),
        *(["--hosts", str(len(job.hosts))] if len(job.hosts) > 1 else []),
        *(["--plain"] if job.plain else []),
    ]


def channel_options(paths: Paths, empty: str) -> List[str]:
    """Return the options of a job's channels.

    Args:
        paths: The path of each channel, or None for an empty channel.
        empty: The path of an empty directory.
    """
    return [token for name, path in paths.items() for token in ("--channel", f"{name}={path or empty}")]


def run_options(options: Mapping[str, object]) -> List[str]:
    """Return those options whose value is neither None nor False; True stands for an option without a value."""
    tokens: List[str] = []
    for option, value in options.items():
        if value is True:
            tokens.append(option)
        elif value is not None and value is not False:
            tokens += [option, str(value)]
    return tokens


def script_arguments(job: TrainingJob) -> List[str]:
    """Return the arguments of the script, with the ``--`` before them."""
    return ["--", *job.typed] if job.typed else []


def repeat_command(job: TrainingJob, script: str, paths: Paths, secrets: Secrets) -> str:
    """Return the command that repeats a job on this machine, on one line for bash and zsh, with secrets masked.

    Args:
        job: The job.
        script: The path of the script.
        paths: The path of each channel, or None for an empty channel.
        secrets: The secrets of the job.
    """
    tokens = ["smargs", "run", script]
    for name, sent in job.hyperparameters.items():
        tokens += ["-p", f"{name}={secrets.mask_value(name, _to_option_text(sent, job.plain))}"]
    channels = [
        # The shell makes the directory of an empty channel.
        _quote(str(secrets.mask_value("", f"{name}={path}"))) if path else f"{name}=$(mktemp -d)"
        for name, path in paths.items()
    ]
    return " ".join(
        [
            *map(_quote, [*tokens, *job_options(job)]),
            *(f"--channel {channel}" for channel in channels),
            *map(_quote, secrets.mask_tokens(script_arguments(job))),
        ]
    )


def _to_option_text(sent: Hyperparameter, plain: bool) -> str:
    """Return the text with which ``-p`` sends a hyperparameter."""
    return sent.text if plain or decode(sent.text) == sent.value else json.dumps(sent.value, ensure_ascii=False)


def _quote(token: str) -> str:
    """Quote a token for a shell. Unprintable characters are escaped: a newline would end the line, a tab complete it."""
    if token.isprintable():
        return shlex.quote(token)
    characters = (
        char if char.isprintable() and char not in "\\'" else "".join(f"\\{byte:03o}" for byte in os.fsencode(char))
        for char in token
    )
    return f"$'{''.join(characters)}'"
