"""The cells of the table of docs/explanation/comparison.md that are about the training toolkit."""

import pytest
from comparison import JOBS, expected, observed


@pytest.mark.parametrize("title", JOBS)
def test_the_environment_of_the_toolkit_does_what_the_table_says(title, tmp_path):
    assert observed(title, "Environment", tmp_path) == expected(title, "Environment")
