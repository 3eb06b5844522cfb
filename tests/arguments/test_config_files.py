"""Config files that a job names."""

import json
import sys

import configargparse
import pytest
from platforms import encoded, write_files

from smargs import SageMakerArgumentParser


@pytest.fixture
def channel(tmp_path):
    """A channel with a config file."""
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "train.ini").write_text("lr = 0.5\n", encoding="utf-8")
    return directory


def parse(environ, *names, argv=(), **declaration):
    """The config file and the learning rate of a parser, whose option for config files has these names."""
    parser = SageMakerArgumentParser()
    parser.add_argument(*names, dest="config", is_config_file=True, **declaration)
    parser.add_argument("--lr", type=float, default=1.0)
    namespace = parser.parse_args(list(argv), env_vars=environ)
    return namespace.config, namespace.lr


@pytest.mark.parametrize(
    ("hyperparameter", "names", "variable"),
    [
        ("config", ["--config"], None),
        ("config", ["-c", "--settings", "--config"], None),
        ("Big-Config", ["-c", "--big_config"], None),
        ("config", ["-c"], None),
        ("settings", ["--config"], "SM_HP_SETTINGS"),
        ("big-config", ["--sm-hp-big-config"], None),
    ],
    ids=["its name", "one of its names", "another spelling", "its dest", "env_var", "the prefix"],
)
def test_a_hyperparameter_names_a_config_file(channel, hyperparameter, names, variable):
    path = str(channel / "train.ini")
    declaration = {"env_var": variable} if variable else {}

    assert parse({"SM_HPS": f'{{"{hyperparameter}": "{path}"}}'}, *names, **declaration) == (path, 0.5)


@pytest.mark.parametrize("value", ["null", '""'])
def test_a_hyperparameter_without_a_path_names_no_config_file(channel, value):
    environ = {"SM_HPS": f'{{"config": {value}}}', "SM_CHANNEL_CONFIG": str(channel)}

    assert parse(environ, "-c", "--config") == (None, 1.0)


@pytest.mark.parametrize("names", [["--config"], ["-x", "--CONFIG"], ["--config-dir"], ["-c"]])
def test_the_only_file_of_a_channel_is_the_config_file_of_its_name(channel, names):
    (channel / "directory").mkdir()

    assert parse({"SM_CHANNEL_CONFIG": str(channel)}, *names) == (str(channel / "train.ini"), 0.5)


@pytest.mark.parametrize(
    ("name", "declaration"),
    [
        ("--config", {"env_var": "SM_CHANNEL_CONFIG"}),
        ("--settings", {"env_var": "SM_CHANNEL_CONFIG"}),
        ("--sm-channel-config", {}),
    ],
    ids=["its own name", "another name", "the prefix"],
)
def test_the_only_file_of_a_channel_is_the_config_file_if_the_argument_names_its_variable(channel, name, declaration):
    assert parse({"SM_CHANNEL_CONFIG": str(channel)}, name, **declaration) == (str(channel / "train.ini"), 0.5)


def test_an_argument_that_names_the_variable_of_a_channel_of_two_files_is_refused(tmp_path, capsys):
    for name in ("a.ini", "b.ini"):
        (tmp_path / name).write_text("lr = 0.5\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="2"):
        parse({"SM_CHANNEL_CONFIG": str(tmp_path)}, "--config", env_var="SM_CHANNEL_CONFIG")
    assert f"Unable to open config file: {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize("names", [[], ["a.ini", "b.ini"]], ids=["no file", "two files"])
def test_a_channel_without_exactly_one_file_names_no_config_file(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("lr = 0.5\n", encoding="utf-8")

    assert parse({"SM_CHANNEL_CONFIG": str(tmp_path)}, "--config") == (None, 1.0)


def test_a_hyperparameter_that_names_a_directory_is_refused(channel, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse({"SM_HP_CONFIG": str(channel)}, "--settings", env_var="SM_HP_CONFIG")
    assert f"Unable to open config file: {channel}" in capsys.readouterr().err


def test_a_variable_that_is_not_set_names_no_config_file():
    assert parse({"SM_HP_LR": "2"}, "--settings", env_var="SM_HP_CONFIG") == (None, 2.0)


def test_a_channel_that_is_absent_names_no_config_file(tmp_path):
    assert parse({"SM_CHANNEL_CONFIG": str(tmp_path / "absent")}, "--config") == (None, 1.0)


def test_a_hyperparameter_comes_before_a_channel(channel, tmp_path):
    other = tmp_path / "other.ini"
    other.write_text("lr = 0.25\n", encoding="utf-8")

    assert parse({"SM_HP_CONFIG": str(other), "SM_CHANNEL_CONFIG": str(channel)}, "--config") == (str(other), 0.25)


def test_a_typed_config_file_comes_before_that_of_the_job(channel, tmp_path):
    typed = tmp_path / "typed.ini"
    typed.write_text("lr = 0.75\n", encoding="utf-8")

    assert parse({"SM_CHANNEL_CONFIG": str(channel)}, "-c", "--config", argv=["-c", str(typed)]) == (str(typed), 0.75)


def test_a_hyperparameter_of_the_job_replaces_the_value_of_the_config_file(channel, tmp_path):
    write_files(tmp_path, {"hyperparameters.json": encoded({"config": str(channel / "train.ini"), "lr": 2})})

    assert parse({"SAGEMAKER_BASE_DIR": str(tmp_path)}, "--config") == (str(channel / "train.ini"), 2.0)


def test_a_hyperparameter_that_names_a_config_file_is_declared(channel):
    parser = SageMakerArgumentParser()
    parser.add_argument("--config", is_config_file=True)
    parser.add_argument("--lr", type=float)
    environ = {"SM_HPS": json.dumps({"config": str(channel / "train.ini"), "other": 1})}

    namespace, undeclared = parser.parse_known_args([], env_vars=environ)
    assert (namespace.lr, undeclared) == (0.5, ["--other", "1"])


def test_a_job_may_name_no_config_file_or_one_for_each_argument(channel, tmp_path):
    (tmp_path / "more.ini").write_text("epochs = 7\n", encoding="utf-8")
    parser = SageMakerArgumentParser()
    for name in ("--config", "--more"):
        parser.add_argument(name, is_config_file=True)
    for name in ("--lr", "--epochs"):
        parser.add_argument(name)
    environ = {"SM_HP_CONFIG": str(channel / "train.ini"), "SM_HP_MORE": str(tmp_path / "more.ini")}

    several = parser.parse_args([], env_vars=environ)
    assert (several.lr, several.epochs) == ("0.5", "7")
    none = parser.parse_args([], env_vars={"SM_HP_LR": "2"})
    assert (none.config, none.more, none.lr, none.epochs) == (None, None, "2", None)


class OwnParser(configargparse.DefaultConfigFileParser):
    """A parser of a script."""


TOML = configargparse.TomlConfigParser(["train"])


@pytest.mark.parametrize(
    ("file_parser", "content", "message"),
    [
        (configargparse.DefaultConfigFileParser, b"note = caf\xe9\n", "Couldn't parse config file: 'utf-8' codec"),
        (OwnParser, b"note = caf\xe9\n", "Couldn't parse config file: 'utf-8' codec"),
        (configargparse.IniConfigParser(["train"], False), b"[train]\nnote = caf\xe9\n", "Couldn't parse INI file: 'utf-8'"),
        (configargparse.YAMLConfigFileParser, b"day: 2024-13-45\n", "Couldn't parse config file: month must be in 1..12"),
        (configargparse.YAMLConfigFileParser, b"lr: " + 2000 * b"[", "Couldn't parse config file: "),
        (configargparse.YAMLConfigFileParser, b"lr: [0.5\n", "Couldn't parse config file: while parsing a flow sequence"),
        (configargparse.IniConfigParser(["train"], False), b"lr = 0.5\n", "Couldn't parse INI file: File contains no section"),
        pytest.param(
            TOML,
            b"lr = fast\n",
            "Couldn't parse TOML file: Invalid value",
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="Python reads TOML since 3.11"),
        ),
    ],
    ids=[
        "text not in UTF-8",
        "text for a parser of the script",
        "INI not in UTF-8",
        "bad date in YAML",
        "deep YAML",
        "broken YAML",
        "broken INI",
        "broken TOML",
    ],
)
@pytest.mark.parametrize("is_in_job", [True, False])
def test_a_config_file_that_cannot_be_parsed_is_an_error_that_names_it(
    file_parser, content, message, is_in_job, tmp_path, capsys
):
    path = tmp_path / "train.config"
    path.write_bytes(content)
    parser = SageMakerArgumentParser(prog="train.py", config_file_parser_class=file_parser)
    parser.add_argument("--config", is_config_file=True)
    argv, environ = ([], {"SM_HP_CONFIG": str(path)}) if is_in_job else (["--config", str(path)], {})

    with pytest.raises(SystemExit) as caught:
        parser.parse_args(argv, env_vars=environ)

    assert caught.value.code == 2
    line = capsys.readouterr().err.partition("train.py: error: ")[2]
    assert line.startswith(message)
    assert line.count(str(path)) >= 1


@pytest.mark.parametrize(
    ("environ", "argv", "expected"),
    [
        ({}, [], {"batch_size": 3, "fast_er": True}),
        ({"SM_HP_BATCH_SIZE": "2", "SM_HP_FAST_ER": "false"}, [], {"batch_size": 2, "fast_er": False}),
        ({}, ["--batch-size", "4"], {"batch_size": 4, "fast_er": True}),
        ({}, ["--batch_size", "4"], {"batch_size": 4, "fast_er": True}),
    ],
    ids=["the file alone", "a job", "typed as declared", "typed as in the file"],
)
def test_a_key_may_use_hyphens_or_underscores(environ, argv, expected, tmp_path):
    path = tmp_path / "train.ini"
    path.write_text("batch_size = 3\nfast-er = true\n", encoding="utf-8")
    parser = SageMakerArgumentParser(default_config_files=[str(path)])
    parser.add_argument("--batch-size", "-b", type=int)
    parser.add_argument("--fast_er", action="store_true")

    assert vars(parser.parse_args(argv, env_vars=environ)) == expected


def test_keys_that_differ_only_by_hyphens_are_distinct(tmp_path):
    path = tmp_path / "train.ini"
    path.write_text("a-b = 1\na_b = 2\nc_d = 3\n", encoding="utf-8")
    parser = SageMakerArgumentParser(default_config_files=[str(path)])
    for option in ("--a-b", "--a_b", "--c-d", "-ec_d"):
        parser.add_argument(option, dest=option)

    assert vars(parser.parse_args([], env_vars={})) == {"--a-b": "1", "--a_b": "2", "--c-d": "3", "-ec_d": None}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Batch-Size: 3\n", "Batch-Size (did you mean --batch-size?)"),
        ("batch-sise: 3\n", "batch-sise (did you mean --batch-size?)"),
        ("on: 3\n", "True"),
        ("1: 3\n", "1"),
        ("null: 3\n", "None"),
    ],
)
def test_a_key_that_no_argument_declares_is_an_error_of_one_line(content, problem, tmp_path, capsys):
    path = tmp_path / "train.yaml"
    path.write_text(content, encoding="utf-8")
    parser = SageMakerArgumentParser(prog="train.py", config_file_parser_class=configargparse.YAMLConfigFileParser)
    parser.add_argument("--config", is_config_file=True)
    parser.add_argument("--batch-size")

    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"SM_HP_CONFIG": str(path), "SM_HP_BATCH_SIZE": "2"})

    assert capsys.readouterr().err.endswith(f"train.py: error: unrecognized arguments: {problem} in {path}\n")


def test_help_describes_the_syntax_of_config_files():
    parser = SageMakerArgumentParser(
        default_config_files=["train.yaml"], config_file_parser_class=configargparse.YAMLConfigFileParser
    )
    parser.add_argument("--lr")

    assert "YAML" in parser.format_help()
