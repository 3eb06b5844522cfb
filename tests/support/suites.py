"""Run the test suites of argparse and of ConfigArgParse with the parser class of smargs."""

import json
import os
import re
import subprocess
import sys
import tempfile

from paths import ROOT

# The module's own code looks up its class in the module, so only the suite gets a module with another class.
RUNNER = """
import importlib, json, sys, types, unittest
module, replaced, suites, settings = json.loads(sys.argv[1])
sys.argv[:] = ["suite.py"]
original = importlib.import_module(module)
parser_class = original.ArgumentParser
if settings is not None:
    import smargs
    class SageMakerArgumentParser(smargs.SageMakerArgumentParser):
        def __init__(self, *args, **own_settings):
            super().__init__(*args, **{**settings, **own_settings})
    parser_class = SageMakerArgumentParser if settings else smargs.SageMakerArgumentParser
sys.modules[module] = types.ModuleType(module)
vars(sys.modules[module]).update(vars(original), **dict.fromkeys(replaced, parser_class))
suites = [importlib.import_module(suite) for suite in suites]
sys.modules[module] = original
unittest.TestCase.maxDiff = None
tests = [test for suite in suites for case in unittest.defaultTestLoader.loadTestsFromModule(suite) for test in case]
result = unittest.TextTestRunner(stream=sys.stderr).run(unittest.TestSuite(tests))
bad = [(getattr(test, "test_case", test).id(), text) for test, text in result.failures + result.errors]
bad += [(test.id(), "unexpected success") for test in result.unexpectedSuccesses]
print("\\n" + json.dumps([[test.id() for test in tests], bad]), file=sys.__stdout__)
"""


def run_suite(module, replaced, suites, settings=None, variables=(), path=()):
    """The names of all tests, and the name and text of each failure. Settings of None mean the module's own class."""
    environ = {**os.environ, **dict(variables), "LC_ALL": "C", "LANGUAGE": "C"}
    environ["PYTHONPATH"] = os.pathsep.join(map(os.fspath, (ROOT, *path)))
    command = [sys.executable, "-c", RUNNER, json.dumps([module, replaced, suites, settings])]
    with tempfile.TemporaryDirectory() as writable:
        child = subprocess.run(command, env=environ, cwd=writable, capture_output=True, text=True, timeout=300, check=False)
    assert child.returncode == 0, child.stderr
    names, failures = json.loads(child.stdout.splitlines()[-1])

    def short(name):
        return ".".join(name.split(".")[-2:])

    return [short(name) for name in names], [(short(name), text) for name, text in failures]


def assert_differs_as_listed(names, failures, listed, anyway):
    """Every test passes except the listed ones, which fail with the listed pattern.

    Args:
        names: All tests.
        failures: Each failure's name and text.
        listed: For each test that comes out otherwise, what its every failure must show.
        anyway: The tests that fail with the module's own class too.
    """
    failures = [(name, text) for name, text in failures if name not in anyway]
    unlisted = [
        f"{name}: {text.strip().splitlines()[-1]}"
        for name, text in failures
        if name not in listed or not re.search(listed[name], text, re.DOTALL)
    ]
    assert not unlisted, "\n".join(unlisted)
    passing = listed.keys() & set(names) - {name for name, _ in failures} - anyway
    assert not passing, f"listed, but they pass: {', '.join(sorted(passing))}"
