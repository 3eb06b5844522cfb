"""The training script of these tests: it parses the arguments in job.json by each route, and records the values."""

import argparse
import contextlib
import io
import json
import os
import pickle
import sys
from pathlib import Path

from converters import CONVERTERS, FAILED, same
from declarations import DECLARATIONS, option

from smargs import SageMakerArgumentParser, SageMakerEnvironment

NOWHERE = {"SAGEMAKER_BASE_DIR": os.fspath(Path(__file__).parent / "nowhere")}


# The variable that distinguishes SDK v3 from the toolkit, because their spellings differ.
PLATFORM = {name: text for name, text in os.environ.items() if name == "SM_MASTER_ADDR"}


def among(*prefixes):
    """Only the variables whose names start with one of these prefixes."""
    return {**{name: text for name, text in os.environ.items() if name.startswith(prefixes)}, **PLATFORM, **NOWHERE}


def parsed(declared, argv=None, environ=None):
    """The namespace, or the error in the last line that the parser prints."""
    parser = SageMakerArgumentParser(prog="train.py")
    for name, kind in declared["arguments"]:
        parser.add_argument(option(name), **DECLARATIONS[kind])
    for channel in declared["channels"]:
        parser.add_argument(option(channel))
    for name in declared["typed"]:
        parser.add_argument(option(name))
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return vars(parser.parse_args(argv, env_vars=environ))
    except SystemExit:
        return errors.getvalue().splitlines()[-1]


def with_converters(parser_class, declared, of):
    """The value of one argument with its converter; all others are text. FAILED if the parser refuses or leaves a token."""
    parser = parser_class(prog="train.py", allow_abbrev=False)
    for (name, _), converter in zip(declared["arguments"], declared["converters"]):
        parser.add_argument(option(name), type=CONVERTERS[converter] if name == of else str, dest=name)
    for name in declared["typed"]:
        parser.add_argument(option(name))
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            namespace, rest = parser.parse_known_args()
        except (SystemExit, Exception):
            return FAILED
    # SDK v3 also passes the platform's own hyperparameters to the script.
    internal = all(token.startswith(("--sagemaker_", "--_tuning")) for token in rest[::2])
    return vars(namespace)[of] if internal else FAILED


def unlike_argparse(declared):
    """Yield the arguments on the command line to which smargs gives another value than argparse."""
    for name, _ in declared["arguments"] if "converters" in declared else ():
        by_argparse = with_converters(argparse.ArgumentParser, declared, name)
        by_smargs = with_converters(SageMakerArgumentParser, declared, name)
        if option(name) in sys.argv and by_argparse is not FAILED and not same(by_smargs, by_argparse):
            yield name, repr(by_argparse), repr(by_smargs)


def main():
    declared = json.loads(Path("job.json").read_text(encoding="utf-8"))
    environment = SageMakerEnvironment.load()
    results = {
        "everything": parsed(declared),
        "everything but the files": parsed(declared, environ={**os.environ, **NOWHERE}),
        "SM_HPS": parsed(declared, [], among("SM_HPS")),
        "SM_TRAINING_ENV": parsed(declared, [], among("SM_TRAINING_ENV")),
        "SM_HP_*": parsed(declared, [], among("SM_HP_")),
        "the files": parsed(declared, [], {**PLATFORM, "SAGEMAKER_BASE_DIR": declared["base"]}),
        "environment": {
            name: getattr(environment, name)
            for name in ("hosts", "current_host", "host_rank", "host_count", "current_instance_group")
        },
        "argv": sys.argv[1:],
        "variables": {name: text for name, text in os.environ.items() if name.startswith("SM_")},
        "environ": dict(os.environ),
        "module": __spec__ and __spec__.name,
        "unlike argparse": list(unlike_argparse(declared)),
    }
    results["environment"].update(
        hyperparameters=dict(environment.hyperparameters), channels=dict(environment.channels), leads=environment.is_leader
    )
    Path("result.pickle").write_bytes(pickle.dumps(results))


if __name__ == "__main__":
    main()
