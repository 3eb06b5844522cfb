"""Launch jobs with an SDK's own code, up to the request; run by the Python of that SDK's environment.

``python launch_with_sdk.py v2|v3`` reads a launch from each line of the standard input, and writes the request that the service
would get, or the error. Both are JSON. A launch has these keys, of which only ``by``
is required:

- ``by``: the launcher, a key of ``launchers_of_v2`` or ``launchers_of_v3``; none, to check only;
- ``hyperparameters``: their names and values;
- ``variables``: for some hyperparameters the name and the default of a pipeline variable, which replaces the value;
- ``ranges``: for each name the kind of the SDK's class for ranges, and what its instance is made with;
- ``arguments``: names and kinds of DECLARATIONS. If there are any, their parser checks what the launcher gets;
- ``encoded``: whether that parser encodes the hyperparameters;
- ``algorithm``: what the service says of an algorithm.

Other launches have only ``code``, lines that launch a job, and ``directory``, where they run.
"""

import json
import logging
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import boto3
from declarations import DECLARATIONS, option
from parsers import parser_of

ROLE = "arn:aws:iam::000000000000:role/sagemaker"
IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/image:1"
METRICS = [{"Name": "loss", "Regex": "loss=(.*)"}]
# No process listens there, so the SDKs' telemetry ends at once. A setting of theirs would stop it, too. But each time they read
# a setting, they check all settings with a JSON schema, which takes seconds.
NOWHERE = "http://127.0.0.1:9"


class Service:
    """Replaces AWS for boto3, which checks each request.

    Attributes:
        session: The session of boto3.
        answers: The answers to what the SDKs ask before they request a job.
        requested: The last request for a job, as JSON.
    """

    def __init__(self):
        self.answers = {
            "ListBuckets": {"Buckets": [{"Name": "bucket"}]},
            "GetRole": {"Role": {"Arn": ROLE}},
            "DescribeTrainingJob": {"TrainingJobName": "a-job", "TrainingJobStatus": "Failed", "FailureReason": "stopped here"},
        }
        self.requested = None
        self.session = boto3.Session("id", "secret", region_name="eu-west-1")
        self.session.events.register("before-call", self._answer)

    def _answer(self, model, params, **_):
        if model.name.startswith("Create"):
            self.requested = params["body"]
        answer = {**self.answers.get(model.name, {}), "ResponseMetadata": {"HTTPStatusCode": 200}}
        return type("Response", (), {"status_code": 200}), answer


def launchers_of_v2(source, boto_session):
    """SDK v2's pipeline variable, its classes for ranges, its launchers of a script by their names, and its session."""
    from sagemaker import tuner
    from sagemaker.algorithm import AlgorithmEstimator
    from sagemaker.estimator import Estimator
    from sagemaker.pytorch import PyTorch
    from sagemaker.session import Session
    from sagemaker.workflow.parameters import ParameterInteger
    from sagemaker.workflow.pipeline_context import PipelineSession
    from sagemaker.workflow.steps import TrainingStep

    machine = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}
    session = Session(boto_session, default_bucket="bucket")
    common = {**machine, "sagemaker_session": session, "image_uri": IMAGE, "disable_profiler": True}
    code = {"entry_point": "train.py", "source_dir": source}
    estimators = {
        "Framework": lambda values: PyTorch(**common, **code, hyperparameters=values),
        "Estimator": lambda values: Estimator(**common, hyperparameters=values),
        "Estimator with source_dir": lambda values: Estimator(**common, **code, hyperparameters=values),
    }

    def fit(values, _, make):
        make(values).fit(wait=False)

    def tune(values, ranges, make):
        tuner.HyperparameterTuner(make(values), "loss", ranges, METRICS).fit(wait=False)

    def plan(values, _):
        recording = PipelineSession(boto_session, default_bucket="bucket")
        estimator = PyTorch(**{**common, "sagemaker_session": recording}, **code, hyperparameters=values)
        return TrainingStep("train", estimator.fit()).to_request()

    def fit_algorithm(values, _):
        arn = "arn:aws:sagemaker:eu-west-1:000000000000:algorithm/own"
        estimator = AlgorithmEstimator(arn, **machine, sagemaker_session=session)
        estimator.set_hyperparameters(**values)
        estimator.fit(wait=False)

    return (
        ParameterInteger,
        tuner,
        {
            **{name: partial(fit, make=make) for name, make in estimators.items()},
            **{f"tuner of {name}": partial(tune, make=make) for name, make in estimators.items()},
            "pipeline": plan,
            "AlgorithmEstimator": fit_algorithm,
        },
        session,
    )


def launchers_of_v3(source, boto_session):
    """SDK v3's pipeline variable, its classes for ranges, its launchers of a script by their names, and its session."""
    from sagemaker.core import parameter
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.training.configs import Compute, SourceCode
    from sagemaker.core.workflow.parameters import ParameterInteger
    from sagemaker.train.model_trainer import ModelTrainer
    from sagemaker.train.tuner import HyperparameterTuner

    session = Session(boto_session, default_bucket="bucket")

    def trainer(values):
        return ModelTrainer(
            training_image=IMAGE,
            role=ROLE,
            sagemaker_session=session,
            compute=Compute(instance_type="ml.m5.large", instance_count=1),
            source_code=SourceCode(source_dir=source, entry_script="train.py"),
            hyperparameters=values,
        )

    def train(values, _):
        trainer(values).train(wait=False)

    def tune(values, ranges):
        HyperparameterTuner(trainer(values), "loss", ranges, METRICS).tune(wait=False)

    return ParameterInteger, parameter, {"ModelTrainer": train, "tuner": tune}, session


class Launches:
    """Launches jobs with one SDK."""

    def __init__(self, sdk, source):
        self._service = Service()
        launchers = {"v2": launchers_of_v2, "v3": launchers_of_v3}[sdk]
        self._variable, self._ranges, self._launchers, self._session = launchers(source, self._service.session)

    def run(self, code, directory):
        """The request of lines that launch a job, in which the names role, image, session and client are known."""
        os.chdir(directory)
        sys.path.insert(0, directory)
        client = self._service.session.client("sagemaker")
        return self._request(lambda: exec(code, {"role": ROLE, "image": IMAGE, "session": self._session, "client": client}))

    def launch(self, by, hyperparameters=(), variables=(), ranges=(), arguments=(), encoded=True, algorithm=None):
        """The request that the service would get, or the step of a pipeline."""
        variables = {name: self._variable(*settings) for name, settings in dict(variables).items()}
        ranges = {name: getattr(self._ranges, kind)(*settings) for name, (kind, *settings) in dict(ranges).items()}
        values = {**dict(hyperparameters), **variables}
        if arguments:
            parser = parser_of(*((option(name), DECLARATIONS[kind]) for name, kind in arguments))
            values = parser.to_hyperparameters(values, ranges=ranges, encoded=encoded)
            assert all(values[name] is variable for name, variable in variables.items())
        self._service.answers["DescribeAlgorithm"] = algorithm or {}
        return self._request(lambda: self._launchers[by](values, ranges) if by else None)

    def _request(self, launch):
        """The request of a launch, or what it returns."""
        self._service.requested = None
        try:
            returned = launch()
        except Exception:
            if self._service.requested is None:
                raise
        return json.loads(self._service.requested) if self._service.requested else returned


def main():
    logging.disable()
    os.environ.update(AWS_EC2_METADATA_DISABLED="true", http_proxy=NOWHERE, https_proxy=NOWHERE)
    answers, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "train.py").touch()
        launches = Launches(sys.argv[1], directory)
        for line in sys.stdin:
            try:
                launch = json.loads(line)
                answer = {"request": launches.run(**launch) if "code" in launch else launches.launch(**launch)}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer, default=lambda variable: variable.expr), file=answers, flush=True)


if __name__ == "__main__":
    main()
