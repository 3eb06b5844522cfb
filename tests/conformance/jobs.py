"""Hypothesis strategies for whole training jobs, with everything that a user can send."""

import json
from typing import List, NamedTuple

from converters import CONVERTERS
from declarations import with_types
from drawn import NAMES, Argument, arguments, folded, kinds
from hypothesis import strategies as st

from smargs.texts import decode

# Shells may run the drawn texts, so no command has a name of these letters. No name has = or +, with which SDK v3's bash
# exports another variable. No text has NUL, which a variable cannot contain.
LETTERS = "qz019"
SIGNS = "'\"\\$`*;&|<>()~#!?[]{},:%.@^ "
TEXTS = st.one_of(
    st.text(LETTERS + "é漢🙂", max_size=8),
    st.text(LETTERS + SIGNS + "=+-_\t\né漢🙂", max_size=12),
    st.sampled_from(
        [
            *("", " ", "null", "None", "true", "False", "NaN", "Infinity", "00123", "1e-3", "1_000", "٣"),
            *('"q"', "'q'", "[1, 2]", '{"q": 1}', "[", "{}", "q=z", "q,z", "two words", "it's", "'", '"', "\\", "C:\\q\\z"),
            *("--q", "-q", "-1", "--", "-", "$HOME", "${HOME}", "%(q)s", "%%", "#q", "a;q", "q\nz", "s3://q/z"),
            "q" * 2500,
        ]
    ),
)
AWKWARD_NAMES = st.one_of(
    st.builds(str.__add__, st.sampled_from(LETTERS + "_é"), st.text(LETTERS + "-_. é", max_size=5)),
    st.builds(str.__add__, st.sampled_from(LETTERS + SIGNS), st.text(LETTERS + SIGNS + "-_", max_size=5)),
    st.just("q" * 256),
)
CHANNELS = ("train", "test", "Validation", "labels", "9")
AWKWARD_CHANNELS = ("eval-set", "data.v1")


class TrainingJob(NamedTuple):
    """A training job, as a user asks for it.

    Attributes:
        arguments: What the script declares, and the hyperparameters.
        channels: Their names.
        groups: The hosts of each instance group.
        host: Which of all the hosts this container is.
        plain: Whether texts are written as they are (boto3, Step Functions) or as JSON (the SDK).
        converters: For each argument the name of a converter, with which the script declares the argument a second time.
    """

    arguments: List[Argument]
    channels: List[str]
    groups: List[List[str]]
    host: int
    plain: bool
    converters: List[str]

    @property
    def hosts(self):
        return [host for group in self.groups for host in group]

    @property
    def hyperparameters(self):
        return {argument.name: argument.value for argument in self.arguments}

    @property
    def names(self):
        """Every name that becomes a part of the name of a variable."""
        return [*self.hyperparameters, *self.channels]

    @property
    def signs(self):
        """Every character of the names and of the values, at any depth."""
        return characters(self.hyperparameters)

    def arrives_in(self, namespace):
        """Whether a namespace has every value, with its type."""
        return all(with_types(namespace[argument.dest]) == with_types(argument.expected) for argument in self.arguments)

    def _written(self, value):
        return value if self.plain and isinstance(value, str) and decode(value) == value else json.dumps(value)

    def files(self, **internal):
        """The content of input/config, with hyperparameters of the platform's own."""
        groups = [
            {"instance_group_name": f"group-{number}", "instance_type": "ml.m5.xlarge", "hosts": hosts}
            for number, hosts in enumerate(self.groups)
        ]
        return {
            "hyperparameters.json": {
                **{name: self._written(value) for name, value in self.hyperparameters.items()},
                **{name: json.dumps(value) for name, value in internal.items()},
            },
            "resourceconfig.json": {
                "current_host": self.hosts[self.host],
                "current_instance_type": "ml.m5.xlarge",
                "current_group_name": next(
                    group["instance_group_name"] for group in groups if self.hosts[self.host] in group["hosts"]
                ),
                "hosts": self.hosts,
                "instance_groups": groups,
                "network_interface_name": "eth0",
            },
            "inputdataconfig.json": {
                channel: {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
                for channel in self.channels
            },
        }


def one_host(*declared, channels=()):
    """A job on one host. Each argument is a name, a kind, and a hyperparameter that must arrive unchanged."""
    arguments = [Argument(name, kind, name, value, value) for name, kind, value in declared]
    return TrainingJob(arguments, list(channels), groups=[["algo-1"]], host=0, plain=False, converters=["str"] * len(arguments))


def characters(value):
    """The characters of all texts in a value."""
    if isinstance(value, dict):
        return set().union(*(set(name) | characters(inner) for name, inner in value.items()))
    if isinstance(value, list):
        return set().union(*map(characters, value))
    return set(value) if isinstance(value, str) else set()


def hosts_in_groups(sizes):
    """The hosts algo-1, algo-2, ... in groups of these sizes."""
    names = iter(range(1, sum(sizes) + 1))
    return [[f"algo-{next(names)}" for _ in range(size)] for size in sizes]


@st.composite
def training_jobs(draw):
    """Jobs with awkward texts in hyperparameters of every kind; some have awkward names, too."""
    awkward = draw(st.integers(0, 3)) == 0
    declared = draw(arguments(kinds(TEXTS), st.one_of(NAMES, AWKWARD_NAMES) if awkward else NAMES))
    taken = {folded(argument.name) for argument in declared}
    channels = draw(st.lists(st.sampled_from(CHANNELS + AWKWARD_CHANNELS if awkward else CHANNELS), unique=True))
    groups = hosts_in_groups(draw(st.lists(st.integers(1, 6), min_size=1, max_size=2)))
    return TrainingJob(
        arguments=declared,
        channels=[channel for channel in channels if folded(channel) not in taken],
        groups=groups,
        host=draw(st.integers(0, sum(map(len, groups)) - 1)),
        plain=draw(st.booleans()),
        converters=[draw(st.sampled_from(sorted(CONVERTERS))) for _ in declared],
    )
