"""The section of the page "Migration" that needs the training toolkit."""

import re

import pytest
from migration import PAGE, check
from paths import ROOT
from sagemaker_training.environment import Environment

from smargs import SageMakerEnvironment


@pytest.mark.parametrize("section", ["The training toolkit"])
def test_both_scripts_of_a_section_print_the_same_in_a_job(section, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    check(section, tmp_path, platform="files")  # SAGEMAKER_BASE_DIR is set: the toolkit reads this job in place of /opt/ml.


def test_the_page_names_each_attribute_that_is_called_otherwise_or_is_missing():
    text = PAGE.read_text(encoding="utf-8")
    renamed = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", text.partition("| `Environment` |")[2], re.MULTILINE))
    (sentence,) = re.findall(r"Four have no\s+counterpart,[^.]*", text)
    missing = re.findall(r"`(\w+)`", sentence)
    environment = SageMakerEnvironment.load({})

    theirs = {name for name, value in vars(Environment).items() if isinstance(value, property)}
    assert {name for name in theirs if not hasattr(environment, name)} == {*renamed, *missing}
    assert all(hasattr(environment, name) for name in renamed.values())
