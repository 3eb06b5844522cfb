"""The pytest plugin in a project of its own, as pytest finds it: nothing is imported, nothing is configured."""

import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs_process]

PROJECT = {
    "train": """
        from pathlib import Path
        from smargs import SageMakerArgumentParser

        def main():
            parser = SageMakerArgumentParser()
            parser.add_argument("--epochs", type=int, default=1)
            parser.add_argument("--model-dir", type=Path, default="model")
            parser.add_argument("--train", type=Path, default="data")
            args = parser.parse_args()
            names = sorted(path.name for path in args.train.iterdir())
            (args.model_dir / "model.txt").write_text(f"{args.epochs + 1} {names}")

        if __name__ == "__main__":
            main()
    """,
    "test_train": """
        import os
        import sys
        import pytest
        import train

        def test_in_this_process(sagemaker_job, tmp_path):
            before = dict(os.environ), list(sys.argv)
            with sagemaker_job(hyperparameters={"epochs": 3}, channels={"train": "data"}, hosts=2, platform="sdk") as job:
                train.main()
            assert (job.model_dir / "model.txt").read_text() == "4 ['a.csv']"
            assert tmp_path in job.model_dir.parents
            assert (dict(os.environ), list(sys.argv)) == before

        def test_in_a_process_of_its_own(sagemaker_job):
            finished = sagemaker_job({"epochs": "many"}, {"train": "data"}).run("train.py")
            assert finished.status == "Failed"
            assert "invalid int value: 'many'" in finished.failure_reason

        def test_two_jobs_have_a_directory_each(sagemaker_job):
            with sagemaker_job() as one:
                pass
            with sagemaker_job() as other:
                assert one.path != other.path

        @pytest.mark.sagemaker_platforms
        def test_on_every_platform(sagemaker_job, sagemaker_platform):
            with sagemaker_job({"epochs": 3}, {"train": "data"}) as job:
                train.main()
                assert ("SM_HP_EPOCHS" in os.environ) == (sagemaker_platform != "files")
                assert ("SM_USER_ARGS" in os.environ) == sagemaker_platform.startswith("toolkit")
            assert (job.model_dir / "model.txt").read_text() == "4 ['a.csv']"

        @pytest.mark.sagemaker_platforms("sdk", "files")
        def test_on_two_platforms(sagemaker_job):
            with sagemaker_job():
                assert "SM_USER_ARGS" not in os.environ

        @pytest.mark.parametrize("sagemaker_platform", ["files"])
        def test_on_the_platform_of_a_parameter(sagemaker_job):
            with sagemaker_job():
                assert "SM_HPS" not in os.environ

        def test_hypothesis_is_not_imported():
            assert "hypothesis" not in sys.modules
    """,
}
TESTS = 11


@pytest.fixture
def project(pytester):
    pytester.makepyfile(**PROJECT)
    (pytester.path / "data").mkdir()
    (pytester.path / "data" / "a.csv").write_text("1,2")
    return pytester


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "xdist"])
def test_the_fixture_and_the_marker_are_there_in_a_fresh_project(project, options):
    result = project.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", *options)
    result.assert_outcomes(passed=TESTS)


@pytest.mark.parametrize("place", [".", "tests", "tests/unit"])
def test_the_script_and_its_data_are_found_from_any_directory(project, monkeypatch, place):
    project.makefile(".ini", pytest="[pytest]\npythonpath = .")
    (project.path / place).mkdir(parents=True, exist_ok=True)
    (project.path / "test_train.py").rename(project.path / place / "test_train.py")
    monkeypatch.chdir(project.mkdir("elsewhere"))

    result = project.runpytest_subprocess("-p", "no:cacheprovider", "-k", "process", project.path / place)

    result.assert_outcomes(passed=2, deselected=TESTS - 2)


def test_a_test_beside_its_script_needs_no_configuration(project, monkeypatch):
    monkeypatch.chdir(project.path.parent)
    result = project.runpytest_subprocess("-p", "no:cacheprovider", "-k", "process", project.path)
    result.assert_outcomes(passed=2, deselected=TESTS - 2)


PLACES = """
import os
from pathlib import Path
import pytest

def files(job):
    with job:
        return sorted(os.listdir(os.environ["SM_CHANNEL_TRAIN"]))

def test_the_working_directory_comes_first(sagemaker_job, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files(sagemaker_job({}, {"train": "data"})) == ["a.csv"]
    Path("data").mkdir()
    Path("data", "mine.csv").touch()
    assert files(sagemaker_job({}, {"train": "data"})) == ["mine.csv"]
    Path("train.py").write_text("print('mine', flush=True)")
    assert "\\nmine\\n" in sagemaker_job().run("train.py").output
    assert "\\nmine\\n" in sagemaker_job().run().output

def test_a_path_that_no_directory_has_is_named_as_it_was_written(sagemaker_job):
    with pytest.raises(ValueError, match="train: 'nowhere' does not exist"):
        sagemaker_job({}, {"train": "nowhere"})

def test_a_glob_is_looked_up(sagemaker_job):
    assert files(sagemaker_job({}, {"train": "data/*.csv"})) == ["a.csv"]
"""


def test_a_relative_path_is_looked_up_beside_the_test(project):
    project.makepyfile(test_train=PLACES)
    (project.path / "data").rename(project.mkdir("tests") / "data")
    (project.path / "test_train.py").rename(project.path / "tests" / "test_train.py")
    result = project.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)


def test_above_the_root_directory_nothing_is_looked_up(project):
    (project.path / "data").rename(project.path.parent / "above")
    project.makepyfile(
        test_train="""
        import pytest

        def test_above(sagemaker_job):
            with pytest.raises(ValueError, match="does not exist"):
                sagemaker_job({}, {"train": "above"})
        """
    )
    for root in (project.path, project.mkdir("other")):
        result = project.runpytest_subprocess("-p", "no:cacheprovider", "--rootdir", root, project.path)
        result.assert_outcomes(passed=1)


def test_the_platforms_are_parameters_of_the_tests(project):
    result = project.runpytest_subprocess("--collect-only", "-q")
    named = re.findall(r"::test_on_(\w+)\[(.+)\]", result.stdout.str())
    assert named == [
        *(("every_platform", platform) for platform in ("toolkit", "toolkit-unquoted", "sdk", "files")),
        *(("two_platforms", platform) for platform in ("sdk", "files")),
        ("the_platform_of_a_parameter", "files"),
    ]


def test_in_a_marked_module_tests_with_jobs_run_on_every_platform(project):
    project.makepyfile(
        test_train="""
        import pytest

        pytestmark = pytest.mark.sagemaker_platforms

        def test_with_a_job(sagemaker_job):
            sagemaker_job()

        def test_without():
            pass
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=5)


def test_fixtures_and_marker_are_documented_where_pytest_lists_them(project):
    assert "@pytest.mark.sagemaker_platforms(*names): " in project.runpytest_subprocess("--markers").stdout.str()
    shown = project.runpytest_subprocess("--fixtures").stdout.str()
    assert "sagemaker_job -- " in shown
    assert "sagemaker_platform -- " in shown


def test_an_unknown_platform_fails_the_test_with_one_line(project):
    project.makepyfile(
        test_train="""
        import pytest

        @pytest.mark.sagemaker_platforms("lambda")
        def test_there(sagemaker_job):
            sagemaker_job()
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * platform 'lambda': expected one of toolkit, toolkit-unquoted, sdk, files"])
