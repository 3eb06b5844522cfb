"""The launches of both SDKs, and the jobs that they request."""

import json
import os
import subprocess
import sys
from pathlib import Path

from paths import ROOT, SUPPORT

from smargs.testing import SageMakerJob

HERE = Path(__file__).parent


class Sdk:
    """An SDK in a process of its own, which launches jobs up to the request."""

    def __init__(self, version):
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.fspath, (ROOT, SUPPORT)))}
        self._process = subprocess.Popen(
            [Path(sys.prefix) / f"sdk-{version}" / "bin" / "python", HERE / "launch_with_sdk.py", version],
            env={**environ, "SAGEMAKER_SUPPRESS_V2_WARNING": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def launch(self, by, **settings):
        """The request of a launch, or its error as text."""
        return self._ask(by=by, **settings)

    def run(self, code, directory):
        """The request of lines that launch a job in a directory, or their error as text."""
        return self._ask(code=code, directory=os.fspath(directory))

    def _ask(self, **launch):
        print(json.dumps(launch), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        return answer.get("error") or answer["request"]

    def end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def parse_job(parser, texts, platform, channels=()):
    """The namespace of a script in a job with these hyperparameters."""
    with SageMakerJob(texts, channels, plain=True, platform=platform):
        return vars(parser.parse_args())
