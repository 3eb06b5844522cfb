"""The code of docs/packages.md runs."""

import re
from pathlib import Path

import pytest
from platforms import Job, sdk, toolkit

PAGE = Path(__file__).parents[2] / "docs" / "packages.md"
SCRIPTS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("render", [toolkit, sdk])
@pytest.mark.parametrize("script", SCRIPTS, ids=["transformers", "jsonargparse"])
def test_a_script_on_the_page_prints_what_the_job_says(run_script, script, render):
    job = render({"num_train_epochs": 7.5}, ["train"])

    finished = run_script(script, Job(job.environ, job.argv))

    assert (finished.returncode, finished.stdout) == (0, "7.5\n")
