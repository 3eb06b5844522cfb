"""The pages about a launch hold with each SDK's own code and with boto3: the lines that launch, and the table of forms."""

import ast
import re

import pytest
from launches import parse_job
from parsers import parser_of
from paths import ROOT
from service import accepted_by_botocore, shape_of

from smargs import SageMakerArgumentParser

PAGE = (ROOT / "docs" / "launch.md").read_text(encoding="utf-8")
LAUNCHES = dict(re.findall(r"^<!-- launch: (\S+) -->\n+```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
SDKS = {"sdk-v2": "v2", "sdk-v3": "v3", "boto3": "v2"}


@pytest.fixture
def project(tmp_path):
    """The files of the page."""
    for name, text in re.findall(r"^```python\n# (src/\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "src" / "requirements.txt").touch()
    return tmp_path


def test_the_page_launches_in_each_way():
    assert list(LAUNCHES) == list(SDKS)


@pytest.mark.parametrize("way", LAUNCHES)
def test_the_lines_of_the_page_send_what_the_script_must_get(sdks, project, way):
    request = sdks[SDKS[way]].run(LAUNCHES[way], project)

    assert "error" not in request, request
    assert "train" in {channel["ChannelName"] for channel in request["InputDataConfig"]}
    namespace = {}
    exec((project / "src" / "arguments.py").read_text(), namespace)
    parser = namespace["build_parser"]()
    assert isinstance(parser, SageMakerArgumentParser)
    arguments = parse_job(parser, request["HyperParameters"], "toolkit", channels=["train"])
    assert (arguments["epochs"], arguments["layers"]) == (3, [256, 128])


# The launchers of a row of the table "Texts or values", by the beginning of the row.
FORMS = {
    "SDK v2: framework": [("v2", "Framework"), ("v2", "Estimator with source_dir"), ("v2", "tuner of Framework")],
    "SDK v2: `Estimator` without": [("v2", "Estimator"), ("v2", "tuner of Estimator")],
    "SDK v3: `ModelTrainer`": [("v3", "ModelTrainer")],
    "SDK v3: `HyperparameterTuner`": [("v3", "tuner")],
}
RANGES = {"tuned": ["ContinuousParameter", 0, 1]}
TEXT = ("--text", {"default": "x"})
FORMS_PAGE = (ROOT / "docs" / "hyperparameters.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.*?) \| (values|texts).*? \| (.*) \|$", FORMS_PAGE, re.MULTILINE)


def losses():
    """Each value that the table says to change, with the launcher and with what arrives."""
    for row, form, cell in ROWS:
        changes = [tuple(map(ast.literal_eval, change)) for change in re.findall(r"`([^`]+)` (?:arrives )?as `([^`]+)`", cell)]
        for sdk, launcher in next((FORMS[start] for start in FORMS if row.startswith(start)), []):
            for sent, arrives in changes:
                yield pytest.param(sdk, launcher, form, sent, arrives, id=f"{sdk} {launcher}: {sent!r}")


@pytest.mark.parametrize(("sdk", "launcher", "form", "sent", "arrives"), list(losses()))
def test_the_wrong_form_for_a_launcher_changes_a_value(sdks, sdk, launcher, form, sent, arrives):
    for encoded, expected in ((form == "texts", sent), (form != "texts", arrives)):
        hyperparameters = parser_of(TEXT).to_hyperparameters({"text": sent}, encoded=encoded)
        request = sdks[sdk].launch(launcher, hyperparameters=hyperparameters, ranges=RANGES)
        texts = request.get("HyperParameters") or request["TrainingJobDefinition"]["StaticHyperParameters"]
        assert parse_job(parser_of(TEXT), texts, "toolkit")["text"] == expected


def test_boto3_refuses_a_value_that_is_no_text():
    hyperparameters = parser_of(("--epochs", {"type": int})).to_hyperparameters({"epochs": 3}, encoded=False)

    assert not accepted_by_botocore(shape_of("CreateTrainingJob", "HyperParameters"), hyperparameters)


def test_the_table_of_forms_has_every_launcher():
    assert len(list(losses())) > 12
    assert {row.split(":")[0].split(",")[0] for row, *_ in ROWS} == {"SDK v2", "SDK v3", "boto3"}
