"""The tests on every Python that the package supports: ``nox``, or ``nox -p 3.8`` for one of them.

Each Python runs what ``make test`` runs, and CPython's own tests of argparse, which are marked ``every_python``. Those between
the oldest and the newest leave out the tests of the docs and of the benchmarks.
"""

import os
from pathlib import Path

import nox

VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"

# An interpreter of pyenv runs by its own path, even where pyenv is not set to use that version.
INTERPRETERS = [path for version in VERSIONS for path in PYENV.glob(f"{version}.*/bin/python{version}")]
os.environ["PATH"] = os.pathsep.join([*(os.fspath(path.parent) for path in INTERPRETERS), os.environ["PATH"]])

# Its tests need scikit-learn, which takes longer to install than they run; `make slow` runs them on one Python.
DEMO = "tests/docs/test_examples.py"

nox.options.error_on_missing_interpreters = False  # nox names each version that is missing as skipped.
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"


@nox.session(python=VERSIONS, venv_backend="venv")
def tests(session: nox.Session) -> None:
    """Run the tests with few examples of each law; further arguments are pytest's."""
    environment = session.virtualenv.location
    session.run_install("make", f"VENV={environment}", f"{environment}/.pythons", external=True, silent=True)
    session.log(f"This leaves out {DEMO}, which needs scikit-learn: `make slow` runs it.")
    options = ["-q", "-rs", "-n", "auto", "--dist", "loadfile", "--hypothesis-profile=quick", "--ignore", DEMO]
    if session.python not in (VERSIONS[0], VERSIONS[-1]):
        options += ["--ignore", "tests/docs", "--ignore", "tests/benchmarks"]
    session.run("python", "-m", "pytest", *options, "-m", "not slow or every_python", *session.posargs)
