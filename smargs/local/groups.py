"""The instance groups of a heterogeneous cluster."""

from __future__ import annotations

import itertools
import re
from typing import Dict, Iterable, Tuple

from smargs.local.job import BadJobError, name_hosts

# Limits of the service. Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstanceGroup.html, and
# InstanceGroups of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
MOST_GROUPS = 5
LONGEST_NAME = 64


def read_groups(typed: Iterable[str]) -> Dict[str, Tuple[str, ...]]:
    """Read the instance groups of a job, and name their hosts as the service does.

    Args:
        typed: Texts such as ``workers=2``: the name of a group and the number of its hosts.

    Returns:
        The hosts of each group; empty for a homogeneous cluster.

    Raises:
        BadJobError: If a text is no group, or the service does not allow it.
    """
    sizes: Dict[str, int] = {}
    for text in typed:
        name, _, size = text.rpartition("=")
        if not (name and re.fullmatch(r"[1-9][0-9]{0,3}", size)):
            raise BadJobError(f"argument --group: {text!r} is not an instance group: expected NAME=N with the number of hosts")
        if name in sizes:
            raise BadJobError(f"argument --group: {name!r} is repeated: expected each name once")
        if len(name) > LONGEST_NAME:
            raise BadJobError(
                f"argument --group: {name[:20]}: its name has {len(name)} characters: the service allows {LONGEST_NAME}"
            )
        sizes[name] = int(size)
    if len(sizes) > MOST_GROUPS:
        raise BadJobError(f"argument --group: {len(sizes)} instance groups: the service allows {MOST_GROUPS}")
    hosts = iter(name_hosts(sum(sizes.values())))
    return {name: tuple(itertools.islice(hosts, size)) for name, size in sizes.items()}
