"""The renderings of platforms.py, held against jobs as the real platforms rendered them."""

import json

import pytest
from platforms import recorded, sdk, toolkit


def decoded(files):
    hyperparameters = {}
    for name, text in files["hyperparameters.json"].items():
        try:
            hyperparameters[name] = json.loads(text)
        except ValueError:
            hyperparameters[name] = text
    return hyperparameters


@pytest.mark.parametrize(("name", "render"), [("toolkit-5.1.4", toolkit), ("sdk-v3-1.27.0", sdk)])
def test_a_rendering_is_what_the_real_platform_made_of_the_same_files(name, render):
    job = recorded(name)
    hosts = job["files"]["resourceconfig.json"]["hosts"]
    made = render(decoded(job["files"]), list(job["files"]["inputdataconfig.json"]), hosts)

    assert made.argv == job["argv"]
    real = {
        key: text for key, text in job["environ"].items() if key.startswith(("SM_HP_", "SM_HPS", "SM_CHANNEL", "SM_USER_ARGS"))
    }
    assert {key: text for key, text in made.environ.items() if key in real} == real
    assert set(made.environ) <= set(job["environ"])
    told = json.loads(job["environ"]["SM_TRAINING_ENV"])
    for key, value in json.loads(made.environ["SM_TRAINING_ENV"]).items():
        assert told[key] == value


def test_the_sdk_loses_apostrophes_from_its_variables():
    job = recorded("sdk-v3-1.27.0-apostrophe")

    made = sdk(decoded(job["files"]))

    assert made.environ["SM_HPS"] == job["environ"]["SM_HPS"]
    assert made.environ["SM_HP_NOTE"] == job["environ"]["SM_HP_NOTE"]
