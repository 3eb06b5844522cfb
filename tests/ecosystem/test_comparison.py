"""Each cell of the table of docs/explanation/comparison.md; the toolkit's own are in tests/conformance."""

import pytest
from comparison import JOBS, SCRIPTS, expected, observed, table


@pytest.mark.needs_process
@pytest.mark.parametrize("package", [package for package in SCRIPTS if package != "Environment"])
@pytest.mark.parametrize("title", JOBS)
def test_a_package_does_what_the_table_says(title, package, tmp_path):
    assert observed(title, package, tmp_path) == expected(title, package)


def test_each_row_of_the_table_has_a_job_and_names_only_packages_that_are_compared():
    rows = table()

    assert [*rows] == [*JOBS]
    for does in rows.values():
        assert does.keys() <= SCRIPTS.keys()
