"""The public names of smargs.testing."""

import subprocess
import sys

import pytest


@pytest.mark.needs_process
def test_jobs_and_laws_need_no_hypothesis_and_names_are_imported_on_demand():
    program = (
        "import sys, smargs.testing as testing; sys.modules['hypothesis'] = sys.modules['pytest'] = None\n"
        "light = 'smargs.local' not in sys.modules\n"
        "assert testing.assert_parses_like_argparse and testing.SageMakerJob({'a': 1}).argv == ['-a', '1']\n"
        "print(light, *testing.__dir__()); testing.Nothing"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    light, *names = result.stdout.split()
    assert light == "True"
    assert {"Finished", "SageMakerJob", "assert_same_on_every_platform", "hyperparameters", "jobs"} <= set(names)
    assert result.stderr.splitlines()[-1] == "AttributeError: module 'smargs.testing' has no attribute 'Nothing'"
