"""Only the value that wins is converted, and once."""

import argparse
import sys

import pytest
from parsers import parse, parser_of

from smargs import SageMakerArgumentParser, SageMakerParserMixin
from smargs.testing import SageMakerJob


class Counting:
    """A converter that records the texts with which it is called."""

    def __init__(self):
        self.texts = []

    def __call__(self, text):
        self.texts.append(text)
        return text.upper()


@pytest.mark.parametrize(
    ("argv", "texts"),
    [
        ([], ["job"]),
        (["--x", "typed"], ["typed"]),
        (["--x=typed"], ["typed"]),
        (["--longe", "typed"], ["typed"]),
        (["-x", "typed"], ["typed"]),
        (["-vxtyped"], ["typed"]),
        (["--other", "--", "--x"], None),
        (["--z", "typed"], ["typed"]),
    ],
)
def test_only_the_winning_value_is_converted_and_once(argv, texts):
    convert = Counting()
    declarations = (
        ("--x", "-x", "--longer", {"type": convert, "dest": "x", "default": "code"}),
        ("--z", {"type": convert, "dest": "x"}),
        ("-v", {"action": "store_true"}),
        ("--other", {"nargs": "*"}),
        ("rest", {"nargs": "*"}),
    )
    namespace = parse({"SM_HP_X": "job"}, *declarations, argv=argv)

    assert convert.texts == (texts or ["job"])
    assert namespace.x == convert.texts[0].upper()


@pytest.mark.parametrize("argv", [["--under", "x"], ["--under=x"], ["-ux"], ["--under", "X"]])
def test_a_value_is_converted_before_an_action_reads_it_if_no_token_names_its_argument(argv):
    class Join(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            setattr(namespace, self.dest, f"{namespace.root}/{values}")

    declarations = (("--root", "-r", {"type": str.upper}), ("--under", "-u", {"action": Join}))

    assert parse({"SM_HP_ROOT": "job"}, *declarations, argv=argv).under == f"JOB/{argv[-1][-1]}"


def test_of_arguments_that_exclude_each_other_only_the_typed_one_is_converted():
    convert = Counting()
    parser = SageMakerArgumentParser()
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--x", type=convert, default="code")
    group.add_argument("--y")
    namespace = parser.parse_args(["--y", "1"], env_vars={"SM_HP_X": "job"})

    assert (namespace.x, namespace.y, convert.texts) == ("CODE", "1", ["code"])


@pytest.mark.parametrize(("argv", "texts"), [([], ["job"]), (["typed"], ["typed"])])
@pytest.mark.parametrize("how", ["parse_args", "parse_intermixed_args"])
def test_a_positional_is_converted_once(argv, texts, how):
    convert = Counting()
    parse_method = getattr(parser_of(("x", {"type": convert}), ("--y", {})), how)
    with SageMakerJob({"x": "job", "y": 1}):
        sys.argv[1:] = argv
        assert parse_method().x == texts[0].upper()
    assert convert.texts == texts


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["--nothing"], ["--x", "typed", "--nothing"]])
def test_help_and_errors_convert_no_value_that_they_do_not_use(argv, capsys):
    convert = Counting()
    parser = parser_of(("--x", {"type": convert}), ("--version", {"action": "version", "version": "1"}))

    with pytest.raises(SystemExit):
        parser.parse_args(argv, env_vars={"SM_HP_X": "job"})
    expected = {"--x": ["typed"], "--nothing": ["job"]}.get(argv[0], [])
    assert convert.texts == expected
    assert ("(default: job, from SM_HP_X)" in capsys.readouterr().out) is (argv == ["--help"])


def test_help_and_usage_open_no_file(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("kept", encoding="utf-8")
    parser = parser_of(("--out", {"type": argparse.FileType("w")}))
    with SageMakerJob({"out": str(path)}):
        parser.format_help()
        parser.format_usage()
        with pytest.raises(SystemExit):
            parser.parse_args(["--help"])

    assert path.read_text(encoding="utf-8") == "kept"


def test_a_custom_action_is_called_for_each_value_as_by_argparse():
    class Collect(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), values])

    assert parse({"SM_HP_X": "job"}, ("--x", {"action": Collect}), argv=["--x", "typed"]).x == ["job", "typed"]
    assert parse({"SM_HP_X": '["a"]'}, ("--x", {"action": "append"}), argv=["--x", "typed"]).x == ["a", "typed"]


def test_a_typed_value_is_added_to_the_converted_values_of_the_job():
    convert = Counting()

    namespace = parse({"SM_HP_X": '["a"]'}, ("--x", {"action": "append", "type": convert}), argv=["--x", "typed"])

    assert (namespace.x, convert.texts) == (["A", "TYPED"], ["a", "typed"])


class Plain(SageMakerParserMixin, argparse.ArgumentParser):
    """argparse's parser with the mixin."""


@pytest.mark.parametrize("parser_class", [Plain, SageMakerArgumentParser])
@pytest.mark.parametrize(
    ("sent", "argv", "expected"),
    [
        ({"load": "--lr 3", "epochs": 5}, [], (3, 5)),
        ({"epochs": 5}, ["--load", "--lr 3"], (3, 5)),
        ({"epochs": 5, "lr": 1}, ["--load", "--lr 3", "--lr", "4"], (4, 5)),
        ({"epochs": 5, "lr": 1}, ["--lr", "4", "--load", "--epochs 3"], (4, 3)),
    ],
)
def test_an_action_may_parse_more_tokens_into_the_namespace(parser_class, sent, argv, expected):
    class Load(argparse.Action):
        def __call__(self, parser, namespace, values, option_string=None):
            parser.parse_args(values.split(), namespace)

    parser = parser_class()
    parser.add_argument("--load", action=Load)
    parser.add_argument("--lr", type=int)
    parser.add_argument("--epochs", type=int)
    with SageMakerJob(sent):
        namespace = parser.parse_args(argv)
    assert (namespace.lr, namespace.epochs) == expected


def test_an_inferred_list_is_passed_to_no_converter_of_the_script():
    convert = Counting()
    namespace = parse({"SM_HOSTS": '["algo-1"]'}, ("--hosts", {"type": convert, "default": "h"}))

    assert (namespace.hosts, convert.texts) == ("H", ["h"])


def test_tokens_in_a_file_of_arguments_count_as_typed(tmp_path):
    convert = Counting()
    (tmp_path / "args").write_text("--x=typed", encoding="utf-8")
    parser = parser_of(("--x", {"type": convert}), fromfile_prefix_chars="@")

    assert parser.parse_args([f"@{tmp_path}/args"], env_vars={"SM_HP_X": "job"}).x == "TYPED"
    assert convert.texts == ["typed"]


def test_a_flag_whose_option_is_only_in_a_remainder_counts_as_not_typed():
    declarations = (("--x", {"action": "store_true", "default": "d"}), ("--rest", {"nargs": "..."}))

    assert parse({"SM_HP_X": "false"}, *declarations, argv=["--rest", "--x"]).x == "d"
    assert parse({"SM_HP_X": "true"}, *declarations, argv=["--rest", "--x"]).x is True


CHANNEL = {"SM_CHANNEL_TRAIN": "/data"}


@pytest.mark.parametrize(("argv", "texts"), [(["--other", "1"], ["/data"]), (["typed", "--other", "1"], ["typed"])])
def test_a_positional_that_takes_a_channel_is_converted_once(argv, texts):
    convert = Counting()
    namespace = parse(CHANNEL, ("train", {"type": convert}), ("--other", {}), argv=argv)

    assert (namespace.train, convert.texts) == (texts[0].upper(), texts)


def test_a_positional_whose_type_rejects_the_channel_has_its_default_and_no_source():
    parser = parser_of(("train", {"nargs": "?", "type": lambda text: {}[text]}), ("--other", {}))

    assert parser.parse_args(["--other", "1"], env_vars=CHANNEL).train is None
    assert "SM_CHANNEL_TRAIN" not in parser.format_values()


def in_one_group(*arguments):
    """A parser with `--other` and arguments that exclude each other."""
    parser = SageMakerArgumentParser()
    parser.add_argument("--other")
    group = parser.add_mutually_exclusive_group()
    for name, declaration in arguments:
        group.add_argument(name, **declaration)
    return parser


def test_values_of_the_job_that_exclude_each_other_are_named_before_they_are_converted(capsys):
    convert = Counting()
    parser = in_one_group(("--x", {}), ("y", {"nargs": "?", "type": convert}))

    with pytest.raises(SystemExit):
        parser.parse_args(["--other", "1"], env_vars={"SM_HP_X": "1", "SM_HP_Y": "2"})
    assert capsys.readouterr().err.endswith("argument y: not allowed with argument --x (from SM_HP_Y)\n")
    assert convert.texts == []


def test_a_value_without_a_default_is_not_converted_if_a_typed_option_excludes_it():
    convert = Counting()
    parser = in_one_group(("--x", {"type": convert, "default": argparse.SUPPRESS}), ("--y", {}))

    assert vars(parser.parse_args(["--y", "1"], env_vars={"SM_HP_X": "job"})) == {"other": None, "y": "1"}
    assert convert.texts == []
