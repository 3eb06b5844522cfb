"""Values that a route loses: the rows of the table "What is lost before a script starts" of docs/routes.md, as conditions."""

import re
from typing import Callable, NamedTuple

from jobs import TrainingJob

from smargs.texts import decode

TOOLKIT, SHELL_ENTRY_POINT, UNQUOTING, SDK = "toolkit", "toolkit, a .sh entry point", "toolkit before 5.1", "SDK v3"
EVERYTHING, VARIABLES, BY_NAME, FILES = "everything", "everything but the files", "SM_HP_*", "the files"
ROUTES = (EVERYTHING, VARIABLES, "SM_HPS", "SM_TRAINING_ENV", BY_NAME, FILES)

QUOTES = frozenset("'\"\\ \t")  # What a shell removes from a command line, or fails on.
INTERPRETED = frozenset("$`*?;&|<>()~#!{}[]\n")  # What a shell interprets outside quotes.


def is_identifier(text):
    """Whether a text can be a part of a variable's name in a shell."""
    return bool(re.fullmatch("[A-Za-z0-9_]+", text, re.ASCII))


class Arrival(NamedTuple):
    """A hyperparameter at the end of one route.

    Attributes:
        platform: The platform that started the script.
        route: The sources that the parser read.
        job: The job that it belongs to.
        name: Its name.
        value: Its value.
    """

    platform: str
    route: str
    job: TrainingJob
    name: str
    value: object

    def variable(self, name):
        """The end of the name of a hyperparameter's variable."""
        return (name.replace("-", "_") if self.platform == SDK else name).upper()


class Loss(NamedTuple):
    """A row of the table.

    Attributes:
        route: Its first cell.
        what: Its second cell.
        applies: Whether a hyperparameter suffers it.
    """

    route: str
    what: str
    applies: Callable[[Arrival], bool]


def _is_null_or_empty(arrival):
    return arrival.route == BY_NAME and arrival.platform != SDK and arrival.value in (None, "")


def _reads_as_json(arrival):
    return arrival.route == BY_NAME and isinstance(arrival.value, str) and decode(arrival.value) != arrival.value


def _shares_its_variable(arrival):
    variables = [arrival.variable(name) for name in arrival.job.hyperparameters]
    return arrival.route == BY_NAME and variables.count(arrival.variable(arrival.name)) > 1


def _is_no_name_to_a_shell(arrival):
    return arrival.route == BY_NAME and arrival.platform != TOOLKIT and not is_identifier(arrival.variable(arrival.name))


def _comes_after_a_broken_quotation(arrival):
    in_names = set("".join(arrival.job.names)) & (QUOTES | INTERPRETED)
    broken = "'" in arrival.job.signs or bool(in_names)
    return arrival.platform == SDK and arrival.route not in (EVERYTHING, FILES) and broken


def _is_interpreted_on_the_command_line(arrival):
    job = arrival.job
    on_command_line = arrival.platform == UNQUOTING and arrival.route in (EVERYTHING, VARIABLES)
    entangled = job.signs & set("'\"\\<>-") or set("".join(job.hyperparameters)) & (QUOTES | INTERPRETED)
    _, first = min(job.hyperparameters.items(), key=lambda item: item[0])
    return on_command_line and bool(job.signs & INTERPRETED) and bool(entangled or set(str(first)) & INTERPRETED)


LOSSES = (
    Loss(
        "`SM_HP_*` from the toolkit",
        "the difference between `null` and the empty text: an argument that accepts the empty text gets it, "
        "every other argument gets `None`",
        _is_null_or_empty,
    ),
    Loss(
        "`SM_HP_*`",
        'the difference between a text that is JSON, such as `null`, `true`, `[1,2]` or `"q"`, and the value it stands for',
        _reads_as_json,
    ),
    Loss(
        "`SM_HP_*`",
        "names that map to the same variable, such as `a-b` and `a_b` under SDK v3: neither gets a value from it",
        _shares_its_variable,
    ),
    Loss("`SM_HP_*` through a shell", "names with characters other than letters, digits and `_`", _is_no_name_to_a_shell),
    Loss(
        "every route of SDK v3 except `hyperparameters.json`",
        "values with an apostrophe, names with characters that bash interprets, and the values that bash then misreads",
        _comes_after_a_broken_quotation,
    ),
    Loss(
        "a command line through a shell that does not quote",
        "what the shell makes of `;`, `$`, `*` and the like in a value, if quotes, `-`, `<` or `>` are beside it or "
        "no intact value precedes it: these tokens are not recognised and count as typed",
        _is_interpreted_on_the_command_line,
    ),
)


def can_be_started(platform, job):
    """Whether the platform's own code starts the script of a job.

    A shell that does not quote stops at quotes that do not end and at signs of its own grammar. SDK v3's bash stops
    (``set -e``) at a name that it cannot export, and at what an apostrophe makes of the rest.
    """
    if platform == UNQUOTING:
        return not job.signs & (QUOTES | INTERPRETED)
    if platform == SDK:
        exported = [*(name.replace("-", "_") for name in job.hyperparameters), *job.channels]
        return "'" not in job.signs and all(map(is_identifier, exported))
    return True


def losses(arrival):
    """The losses that a hyperparameter suffers."""
    return [loss for loss in LOSSES if loss.applies(arrival)]
