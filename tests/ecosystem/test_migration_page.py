"""The sections of the page "Migration" that need transformers and click."""

import pytest
from migration import check
from paths import ROOT


@pytest.mark.parametrize("section", ["HfArgumentParser", "click"])
def test_both_scripts_of_a_section_print_the_same_in_a_job(section, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    check(section, tmp_path)
