"""A training script that reads its environment."""

import os
from types import MappingProxyType
from typing import Mapping, Optional, Tuple

from typing_extensions import assert_type

from smargs import SageMakerEnvironment

environment = SageMakerEnvironment.load()
assert_type(environment, SageMakerEnvironment)
SageMakerEnvironment.load({"SM_HP_EPOCHS": "3"})
SageMakerEnvironment.load(MappingProxyType(dict(os.environ)))

if environment:
    assert_type(environment.hyperparameters, Mapping[str, object])
    assert_type(environment.hyperparameters["epochs"], object)
    assert_type(environment.channels, Mapping[str, str])
    assert_type(environment.hosts, Tuple[str, ...])
    assert_type(environment.current_host, Optional[str])
    assert_type(environment.host_rank, Optional[int])
    assert_type(environment.host_count, Optional[int])
    assert_type(environment.is_leader, bool)
    assert_type(environment.master_addr, Optional[str])
    assert_type(environment.master_port, Optional[int])
    assert_type(environment.processes_per_host, int)
    assert_type(environment.num_gpus, Optional[int])
    assert_type(environment.model_dir, Optional[str])
    assert_type(environment.is_hetero, Optional[bool])
    assert_type(environment.topology, Tuple[object, ...])
    assert_type(environment.resource_config, Mapping[str, object])
    assert_type(environment.job_name, Optional[str])
    assert_type(environment.problems, Tuple[str, ...])


def wrong() -> None:
    """Each line is an error: mypy reports a ``type: ignore`` that hides none."""
    SageMakerEnvironment.load(["SM_HP_EPOCHS"])  # type: ignore[arg-type]
    SageMakerEnvironment.load({"SM_NUM_GPUS": 1})  # type: ignore[dict-item]
    print(environment.model_directory)  # type: ignore[attr-defined]
    environment.model_dir.upper()  # type: ignore[union-attr]
    environment.hyperparameters["epochs"] + 1  # type: ignore[operator]
    environment.hyperparameters["epochs"] = 1  # type: ignore[index]
    environment.hosts.append("algo-2")  # type: ignore[attr-defined]
