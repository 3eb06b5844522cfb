"""The description of a parser's hyperparameters, in the process of a script. ``process`` starts that process."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from smargs import _argparse
from smargs.launch.algorithm import supported_hyperparameters
from smargs.launch.declared import DeclaredHyperparameter, declared_hyperparameters, exclusive_groups
from smargs.launch.errors import OTHER_PARSER, HyperparameterError
from smargs.launch.json_schema import json_schema
from smargs.mixin import SageMakerParserMixin
from smargs.secrets.masking import Secrets
from smargs.secrets.names import Names

ALGORITHM, JSON_SCHEMA = "algorithm", "json-schema"


class Question(NamedTuple):
    """Which description is wanted.

    Attributes:
        form: ``algorithm`` or ``json-schema``.
        channels: The names of the job's channels.
    """

    form: str
    channels: Tuple[str, ...]


def answer(parser: Any, parse: Callable[[], Any], question: Question) -> Dict[str, Any]:
    """Describe a parser.

    Args:
        parser: The parser of the script.
        parse: A function that parses; it is not called.
        question: Which description is wanted.

    Returns:
        The ``description``, or the ``problems``, one line each.
    """
    if not isinstance(parser, SageMakerParserMixin):
        return {"problems": [OTHER_PARSER]}
    try:
        return {"description": describe(parser, question.form, question.channels)}
    except HyperparameterError as error:
        return {"problems": error.problems}


def describe(parser: SageMakerParserMixin, form: str, channels: Tuple[str, ...] = ()) -> Any:
    """Return the description of a parser's hyperparameters.

    Args:
        parser: The parser.
        form: ``algorithm`` for ``SupportedHyperParameters``, or ``json-schema``.
        channels: The names of the job's channels. An argument that one of them fills is no hyperparameter.

    Raises:
        HyperparameterError: If the service does not accept the description, with every problem.
    """
    hyperparameters = list(declared_hyperparameters(parser, dict.fromkeys(channels)))
    groups = [group for each in _argparse.all_parsers([parser]) for group in exclusive_groups(each, hyperparameters)]
    secrets = _secrets(parser, hyperparameters)
    if form == ALGORITHM:
        return supported_hyperparameters(hyperparameters, [each for members, _ in groups for each in members], secrets)
    description = " ".join(secrets.mask_text(str(parser.description or "")).split())
    return json_schema(os.path.basename(sys.argv[0]), description, hyperparameters, groups, secrets)


def _secrets(parser: SageMakerParserMixin, hyperparameters: List[DeclaredHyperparameter]) -> Secrets:
    secrets = Secrets(Names(parsers=[parser]), [parser])
    for each in hyperparameters:
        secrets.add_argument(each.action, each.action.default)
    return secrets
