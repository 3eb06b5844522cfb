"""Train ``train.py`` inside the environment of a SageMaker training job, as the training toolkit makes it."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
MARK = "made-by-smargs-demo"


def make_job(directory: Path) -> Tuple[Dict[str, str], List[str]]:
    """Lay out a job below a directory, and tell the environment variables and the command line of its script."""
    if directory.is_dir():
        # A mistyped path must not cost anyone their files.
        if any(directory.iterdir()) and not (directory / MARK).exists():
            sys.exit(f"{directory} is not empty, and nothing that this demo has made")
        shutil.rmtree(directory)
    for name in ("input/config", "input/data/train", "input/data/test", "model", "output/data"):
        (directory / name).mkdir(parents=True)
    (directory / MARK).touch()

    job = json.loads((HERE / "job.json").read_text(encoding="utf-8"))
    for name, content in job["files"].items():
        (directory / "input" / "config" / name).write_text(json.dumps(content), encoding="utf-8")
    digits = load_digits()
    rows = np.column_stack([digits.data, digits.target])
    for channel, part in zip(("train", "test"), train_test_split(rows, test_size=0.25, random_state=0)):
        np.savetxt(directory / "input" / "data" / channel / "digits.csv", part, fmt="%d", delimiter=",")

    path = str(directory.resolve())
    in_json = json.dumps(path)[1:-1]
    environ = {
        name: text.replace("/opt/ml", in_json if text.startswith(("{", "[")) else path) for name, text in job["environ"].items()
    }
    return {**environ, "SAGEMAKER_BASE_DIR": path}, job["argv"]


def run(title: str, argv: List[str], environ: Dict[str, str]) -> int:
    """Run ``train.py`` as the platform does; nothing of another job is in its environment."""
    print(f"\n{title}\n$ python train.py {' '.join(map(shlex.quote, argv))}\n", flush=True)
    outside = {name: text for name, text in os.environ.items() if not name.startswith("SM_")}
    return subprocess.run([sys.executable, str(HERE / "train.py"), *argv], env={**outside, **environ}).returncode


def main() -> int:
    """Show the help screen of the script, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path("smargs-demo"), help="made anew each time")
    directory = parser.parse_args().directory
    print(f"Making a training job with two channels and two hosts in {directory}")
    environ, argv = make_job(directory)
    status = run("The script's arguments, with the defaults of this job:", ["--help"], environ) or run(
        "Training on the first host, with the command line that SageMaker makes:", argv, environ
    )
    if status == 0:
        print(f"\nmodel:      {directory / 'model' / 'model.joblib'}")
        print(f"evaluation: {directory / 'output' / 'data' / 'evaluation.json'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
