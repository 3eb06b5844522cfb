"""A training script that declares and parses its arguments."""

import argparse
from pathlib import Path

from typing_extensions import assert_type

from smargs import Nothing as Nothing  # type: ignore[attr-defined]
from smargs import SageMakerArgumentParser, SageMakerParserMixin


class CheckedParser(argparse.ArgumentParser):
    """A parser class that a user has already."""

    def check(self) -> None:
        pass


class SageMakerCheckedParser(SageMakerParserMixin, CheckedParser):
    pass


def declare() -> SageMakerArgumentParser:
    parser = SageMakerArgumentParser("train.py", description="Train a model.", default_config_files=["train.ini"])
    SageMakerArgumentParser(infer_types=False, exit_on_error=False)
    assert_type(parser.add_argument("--epochs", type=int, default=10, help="passes over the data"), argparse.Action)
    parser.add_argument("data", type=Path, env_var="SM_CHANNEL_TRAIN")
    parser.add_argument("--lr", default=0.1, env_var="SM_HP_LR")
    parser.add_argument("--layers", nargs="+", type=int, default=[64], choices=range(1024), metavar="UNITS")
    parser.add_argument("--optimizer", type=dict, secret=False)
    parser.add_argument("--dropout", type=float, bounds=(0, None))
    parser.add_argument("--augment", action="store_true", dest="augmented")
    parser.add_argument("--config", is_config_file=True)
    assert_type(parser.add_sagemaker_arguments("train", "test"), argparse._ArgumentGroup)

    group = parser.add_argument_group("data", "where the data is")
    group.add_argument("--seed", type=int, env_var="SEED")
    either = group.add_mutually_exclusive_group()
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--amp", action="store_true", env_var="SM_HP_AMP")

    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model")
    train.add_sagemaker_arguments()
    return parser


def parse(parser: SageMakerArgumentParser) -> None:
    variables = {"SM_HP_EPOCHS": "3"}
    parser.parse_args()
    parser.parse_args(["--epochs", "3"])
    parser.parse_args("--epochs 3")
    parser.parse_args([], env_vars=variables, config_file_contents="epochs=3")
    parser.parse_args([], argparse.Namespace(epochs=3))
    parser.parse_args(namespace=Arguments(), env_vars=variables)
    parser.parse_known_args()
    parser.parse_known_args((), env_vars=variables)
    parser.parse_known_args(None, Arguments())
    parser.parse_intermixed_args()
    parser.parse_known_intermixed_args(["--epochs"])


class Arguments:
    """What a script gives as its own namespace."""

    epochs: int


def show(parser: SageMakerArgumentParser) -> None:
    for source, settings in parser.get_source_to_settings_dict().items():
        assert_type(source, str)
        for name, (action, value) in settings.items():
            print(name, action, value)
    assert_type(parser.format_values(), str)
    assert_type(parser.format_help(), str)
    assert_type(parser.format_usage(), str)
    parser.print_values()
    with open("values.txt", "w") as file:
        parser.print_values(file)
        parser.print_help(file)


def mix_in() -> None:
    parser = SageMakerCheckedParser("train.py", description="Train a model.", infer_types=False)
    parser.check()
    parser.add_argument("--epochs", type=int, env_var="SM_HP_EPOCHS")
    parser.add_sagemaker_arguments("train")
    parser.parse_args([], Arguments(), env_vars={"SM_HP_EPOCHS": "3"})
    parser.parse_known_args()


def takes_the_place_of_argparse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    return parser.parse_args()


takes_the_place_of_argparse(SageMakerArgumentParser())
takes_the_place_of_argparse(SageMakerCheckedParser())


def wrong(parser: SageMakerArgumentParser) -> None:
    """Each line is an error: mypy reports a ``type: ignore`` that hides none."""
    SageMakerArgumentParser(infer_types="no")  # type: ignore[arg-type]
    parser.add_sagemaker_arguments(["train"])  # type: ignore[arg-type]
    parser.add_sagemaker_arguments(train="data")  # type: ignore[call-arg]
    parser.add_mutually_exclusive_group("either")  # type: ignore[call-arg]
    parser.parse_args(env_vars=["SM_HP_EPOCHS"])  # type: ignore[arg-type]
    parser.parse_args(env_vars={"SM_HP_EPOCHS": 3})  # type: ignore[dict-item]
    print(parser.parse_known_args().epochs)  # type: ignore[attr-defined]
    parser.get_source_to_settings_dict()[0]  # type: ignore[index]
    parser.pase_args()  # type: ignore[attr-defined]
    number: int = parser  # type: ignore[assignment]
    print(number)
