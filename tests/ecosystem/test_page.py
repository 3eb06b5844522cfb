"""The code of docs/packages.md runs."""

import re
from pathlib import Path

import pytest

from smargs.testing import SageMakerJob

PAGE = Path(__file__).parents[2] / "docs" / "packages.md"
SCRIPTS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("script", SCRIPTS, ids=["transformers", "jsonargparse"])
def test_a_script_on_the_page_prints_what_the_job_says(run_script, script, platform):
    job = SageMakerJob({"num_train_epochs": 7.5}, ["train"], platform=platform)

    finished = run_script(script, job)

    assert (finished.returncode, finished.stdout) == (0, "7.5\n")
