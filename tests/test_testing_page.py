"""The page "Testing your script": its script and its tests, as a project of their own."""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_script_of_the_page_passes_the_tests_of_the_page(pytester):
    script, *tests = BLOCKS
    pytester.makepyfile(train=script, test_train="\n".join(tests))
    data = pytester.path / "tests" / "data"
    data.mkdir(parents=True)
    (data / "a.csv").write_text("1,2")

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "test_train.py")

    functions = re.findall(r"^def (test_\w+)", "\n".join(tests), re.MULTILINE)
    assert len(functions) == len(set(functions)) == 8
    result.assert_outcomes(passed=len(functions) + 3)  # One of them runs on four platforms.


def test_the_failure_on_the_page_is_what_hypothesis_shows(pytester):
    script, *_ = BLOCKS
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
    said = pytester.runpytest_subprocess("-p", "no:cacheprovider", "test_train.py").stdout.str()

    (shown,) = re.findall(r"^    job=(.*),$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"job={shown}" in re.sub(r"\n(E )? +", " ", said), said
