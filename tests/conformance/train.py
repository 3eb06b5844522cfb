"""The training script of these tests: it parses what its job.json declares, by each route, and writes down what it got."""

import contextlib
import io
import json
import os
import pickle
import sys
from pathlib import Path

from declarations import DECLARATIONS, option

from smargs import SageMakerArgumentParser, SageMakerEnvironment

NOWHERE = {"SAGEMAKER_BASE_DIR": os.fspath(Path(__file__).parent / "nowhere")}


def among(*prefixes):
    """The variables of these names, alone."""
    return {**{name: text for name, text in os.environ.items() if name.startswith(prefixes)}, **NOWHERE}


def parsed(declared, argv=None, environ=None):
    """The namespace, or the one line that the parser says."""
    parser = SageMakerArgumentParser(prog="train.py")
    for name, kind in declared["arguments"]:
        parser.add_argument(option(name), **DECLARATIONS[kind])
    for channel in declared["channels"]:
        parser.add_argument(option(channel))
    for name in declared["typed"]:
        parser.add_argument(option(name))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return vars(parser.parse_args(argv, env_vars=environ))
    except SystemExit:
        return said.getvalue().splitlines()[-1]


def main():
    declared = json.loads(Path("job.json").read_text(encoding="utf-8"))
    environment = SageMakerEnvironment.load()
    results = {
        "everything": parsed(declared),
        "everything but the files": parsed(declared, environ={**os.environ, **NOWHERE}),
        "SM_HPS": parsed(declared, [], among("SM_HPS")),
        "SM_TRAINING_ENV": parsed(declared, [], among("SM_TRAINING_ENV")),
        "SM_HP_*": parsed(declared, [], among("SM_HP_")),
        "the files": parsed(declared, [], {"SAGEMAKER_BASE_DIR": declared["base"]}),
        "environment": {
            name: getattr(environment, name)
            for name in ("hosts", "current_host", "host_rank", "host_count", "current_instance_group")
        },
        "argv": sys.argv[1:],
        "variables": {name: text for name, text in os.environ.items() if name.startswith("SM_")},
        "environ": dict(os.environ),
        "module": __spec__ and __spec__.name,
    }
    results["environment"].update(
        hyperparameters=dict(environment.hyperparameters), channels=dict(environment.channels), leads=environment.is_leader
    )
    Path("result.pickle").write_bytes(pickle.dumps(results))


if __name__ == "__main__":
    main()
