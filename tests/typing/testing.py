"""The tests of a training script."""

import argparse
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Type

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import assert_type

from smargs import SageMakerArgumentParser
from smargs.testing import (
    BadJobError,
    Finished,
    SageMakerJob,
    assert_parses_like_argparse,
    assert_same_on_every_platform,
    hyperparameters,
    invalid_hyperparameters,
    jobs,
)
from smargs.testing import Nothing as Nothing  # type: ignore[attr-defined]

parser = SageMakerArgumentParser()
rates = {"learning_rate": st.floats(0, 1)}


def build_parser(parser_class: Type[argparse.ArgumentParser] = SageMakerArgumentParser) -> argparse.ArgumentParser:
    return parser_class()


def use_a_job(tmp_path: Path) -> None:
    SageMakerJob()
    SageMakerJob({}, {"train": "data", "test": tmp_path})
    job = SageMakerJob(
        {"epochs": 3, "layers": [256, 128], "seed": None},
        ["train", "test"],
        hosts=2,
        host="algo-2",
        platform="sdk",
        plain=True,
        typed=["--verbose"],
        script="train.py",
        directory=tmp_path,
    )
    assert_type(job.path, Path)
    assert_type(job.environ, Dict[str, str])
    assert_type(job.argv, List[str])
    assert_type(job.host, str)
    assert_type(job.model_dir, Path)
    assert_type(job.output_data_dir, Path)
    assert_type(job.checkpoint_dir, Path)
    assert_type(job.failure_file, Path)
    with job as entered:
        assert_type(entered, SageMakerJob)
    finished = job.run(
        tmp_path / "train.py",
        launcher="torchrun",
        processes_per_host=2,
        patch=True,
        interrupt_after=20,
        grace=0.5,
        timeout=60,
    )
    assert_type(finished, Finished)
    assert_type(finished.status, str)
    assert_type(finished.exit_status, int)
    assert_type(finished.failure_reason, Optional[str])
    assert_type(finished.output, str)


def catch_a_refusal() -> None:
    try:
        SageMakerJob(hosts=0)
    except BadJobError as error:
        value_error: ValueError = error
        print(value_error)


@pytest.mark.sagemaker_platforms("sdk", "files")
def test_with_the_fixtures(sagemaker_job: Callable[..., SageMakerJob], sagemaker_platform: str) -> None:
    with sagemaker_job({"epochs": 3}, ["train"], hosts=2) as job:
        assert_type(job, SageMakerJob)


assert_type(hyperparameters(parser), st.SearchStrategy[Dict[str, Any]])
assert_type(hyperparameters(parser, rates), st.SearchStrategy[Dict[str, Any]])
assert_type(invalid_hyperparameters(parser, overrides=rates), st.SearchStrategy[Dict[str, Any]])
assert_type(jobs(parser), st.SearchStrategy[SageMakerJob])
jobs(parser, hyperparameters(parser), ["train"], platforms=["sdk"], typed=["--verbose"], script="train.py")
jobs(parser, st.just({"epochs": 3}), {"train": "data"})
jobs(parser, overrides=rates)


@given(jobs(parser), hyperparameters(parser))
def test_with_drawn_jobs(job: SageMakerJob, values: Mapping[str, Any]) -> None:
    with job:
        build_parser().parse_args()
    assert_same_on_every_platform(parser, values)


assert_parses_like_argparse(build_parser, ["--epochs", "3"])
assert_same_on_every_platform(parser, {"epochs": 3}, {"train": "data"}, platforms=("toolkit", "sdk"))


def wrong(tmp_path: Path) -> None:
    """Each line is an error: mypy reports a ``type: ignore`` that hides none."""
    SageMakerJob(["epochs"])  # type: ignore[arg-type]
    SageMakerJob({3: "epochs"})  # type: ignore[dict-item]
    SageMakerJob({}, [tmp_path])  # type: ignore[list-item]
    SageMakerJob({}, [], 2)  # type: ignore[call-arg]
    SageMakerJob(hosts=["algo-1"])  # type: ignore[arg-type]
    SageMakerJob(instances=2)  # type: ignore[call-arg]
    print(SageMakerJob().model_directory)  # type: ignore[attr-defined]
    SageMakerJob().run().failure_reason.upper()  # type: ignore[union-attr]
    SageMakerJob().run(["train.py"])  # type: ignore[arg-type]
    hyperparameters(argparse.ArgumentParser())  # type: ignore[arg-type]
    hyperparameters(parser, {"learning_rate": 0.1})  # type: ignore[dict-item]
    jobs(parser, {"epochs": 3})  # type: ignore[arg-type]
    jobs(parser, platforms=3)  # type: ignore[arg-type]
    assert_same_on_every_platform(build_parser, {})  # type: ignore[arg-type]
