"""The page "Testing your script", as a project of its own."""

import re

import pytest
from paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.needs_process]

PAGE = ROOT / "docs" / "testing.md"
FEW_EXAMPLES = """
from hypothesis import settings
settings.register_profile("few", max_examples=20)
settings.load_profile("few")
"""


def blocks(page, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_script_of_the_page_passes_the_tests_of_the_page(pytester):
    script, *tests = blocks(PAGE)
    pytester.makepyfile(train=script, test_train="\n".join(tests), conftest=FEW_EXAMPLES)
    data = pytester.path / "tests" / "data"
    data.mkdir(parents=True)
    (data / "a.csv").write_text("1,2")

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "test_train.py")

    functions = re.findall(r"^def (test_\w+)", "\n".join(tests), re.MULTILINE)
    assert len(functions) == 8
    result.assert_outcomes(passed=len(functions) + 3)  # One of them runs on four platforms.


def test_with_the_lines_of_the_page_tests_have_a_directory_of_their_own(pytester, monkeypatch):
    script, test, *_ = blocks(PAGE)
    (settings,) = blocks(PAGE, "toml")
    pytester.makefile(".toml", pyproject=settings)
    pytester.makepyfile(**{"train": script, "tests/test_train": test})
    (pytester.path / "tests" / "data").mkdir()
    (pytester.path / "tests" / "data" / "a.csv").write_text("1,2")
    for directory in (pytester.path, pytester.path / "tests", pytester.path.parent):
        monkeypatch.chdir(directory)
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", pytester.path / "tests")
        result.assert_outcomes(passed=1)


def test_the_failure_on_the_page_is_what_hypothesis_shows(pytester):
    script, *_ = blocks(PAGE)
    pytester.makepyfile(
        train=script,
        test_train="""
        from hypothesis import given, settings
        from smargs.testing import jobs
        import train

        @given(jobs(train.build_parser(), channels=["train"]))
        @settings(database=None, derandomize=True, deadline=None)
        def test_train_in_every_job(job):
            with job:
                train.main()
        """,
    )
    output = pytester.runpytest_subprocess("-p", "no:cacheprovider", "test_train.py").stdout.str()

    (shown,) = re.findall(r"^    job=(.*),$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"job={shown}" in re.sub(r"\n(E )? +", " ", output), output
