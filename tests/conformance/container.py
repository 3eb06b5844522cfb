"""A training container: a directory that replaces /opt/ml, and the platforms' own code, which starts jobs in it."""

import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from paths import ROOT, SUPPORT
from platforms import write_files

HERE = Path(__file__).parent
OPT_ML = "/opt/ml"
RESULT = "result.pickle"
LAUNCHER = "launcher.json"
JOB_NAME = "a-job"
SECONDS = 120

# Further entry points, beside train.py.
PASSING = '#!/bin/sh\nexec python3 train.py "$@"\n'
SILENT = "#!/bin/sh\nexec python3 train.py\n"
# It replaces torchrun, which needs torch. It skips its own options, and adds tokens as launchers do.
TORCHRUN = f"""#!{sys.executable}
import json, os, sys

with open("{LAUNCHER}", "w") as written:
    json.dump(sys.argv, written)
script = next(index for index, token in enumerate(sys.argv) if token.endswith(".py"))
os.execv(sys.executable, [sys.executable, sys.argv[script], "--local-rank=0", *sys.argv[script + 1 :], "--last", "7"])
"""
# What a framework container does: https://github.com/aws/sagemaker-pytorch-training-toolkit, training.py.
TOOLKIT = """
from sagemaker_training import entry_point, environment
job = environment.Environment()
entry_point.run(job.module_dir, job.user_entry_point, job.to_cmd_args(), job.to_env_vars(), capture_error=True)
"""
TYPED = {"local-rank": "0", "last": "7"}


class Started(NamedTuple):
    """The result of a job.

    Attributes:
        result: What the script recorded.
        by_platform: Whether the platform started the script. Otherwise the tests started it.
        log: The output of the platform and of the script.
    """

    result: Any
    by_platform: bool
    log: str


def code_of_the_sdk():
    """The directory of sagemaker-train. To import it, all its dependencies must be installed."""
    return Path(importlib.util.find_spec("sagemaker.train").submodule_search_locations[0])


def templates_of_the_sdk():
    """The module templates.py of sagemaker-train, without the package."""
    spec = importlib.util.spec_from_file_location("templates", code_of_the_sdk() / "templates.py")
    templates = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(templates)
    return templates


class Container:
    """The file system of one training container.

    Attributes:
        base: The directory that replaces /opt/ml.
    """

    def __init__(self, base):
        self.base = base
        self.code = base / "code"  # The toolkit's.
        self.sources = base / "input" / "data" / "code"  # SDK v3's.
        self.drivers = base / "input" / "data" / "sm_drivers"
        self._log = base / "log"
        shutil.copytree(code_of_the_sdk() / "container_drivers", self.drivers)
        for driver in self.drivers.rglob("*.py"):
            self._relocate(driver, driver.read_text(encoding="utf-8"))
        self._write_executable(base / "bin" / "torchrun", TORCHRUN)
        (base / "bin" / "torch.py").write_text('__version__ = "2.0.0"', encoding="utf-8")  # The SDK's driver asks for it.
        path = (base / "bin", Path(sys.executable).parent, "/usr/bin", "/bin")
        self.environ = {
            **{name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))},
            "PATH": os.pathsep.join(map(os.fspath, path)),
            "PYTHONPATH": os.pathsep.join(map(os.fspath, (SUPPORT, ROOT, base / "bin"))),
            "LANG": "C.UTF-8",
            "TRAINING_JOB_NAME": JOB_NAME,
        }

    def _relocate(self, path, text):
        path.write_text(text.replace(OPT_ML, os.fspath(self.base)), encoding="utf-8")

    @staticmethod
    def _write_executable(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def prepare(self, job, **internal):
        """Write a job's files and its script, and remove those of the job before."""
        self.write(
            job.files(**internal),
            arguments=[(argument.spelled, argument.kind) for argument in job.arguments],
            channels=job.channels,
            typed=list(TYPED),
            converters=job.converters,
        )

    def write(self, files, **declared):
        """Write the files of a job, the script, and what the script declares."""
        write_files(self.base, files)
        (self.base / "input" / "sm_training.env").unlink(missing_ok=True)
        for directory in (self.base / "output", self.base / "model", self.code, self.sources):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        for directory in (self.code, self.sources):
            shutil.copy(HERE / "train.py", directory)
            (directory / "job.json").write_text(json.dumps({"base": os.fspath(self.base), **declared}), encoding="utf-8")
            self._write_executable(directory / "passing.sh", PASSING)
            self._write_executable(directory / "silent.sh", SILENT)

    def toolkit(self, location=None):
        """Start a process with the installed toolkit, or with the toolkit in a directory."""
        environ = {**self.environ, "SAGEMAKER_BASE_DIR": os.fspath(self.base), "SM_STUDIO_LOCAL_MODE": "true"}
        if location is not None:
            environ["PYTHONPATH"] = os.pathsep.join((os.fspath(location), environ["PYTHONPATH"]))
        return subprocess.Popen(
            [sys.executable, os.fspath(HERE / "toolkit_process.py")],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start_with(self, toolkit):
        """Start the job as a container with the training toolkit does."""
        toolkit.stdin.write(f"{self._log}\n")
        toolkit.stdin.flush()
        status = toolkit.stdout.readline()
        return self._collect(self.code, by_platform=status == "0\n")

    def start_with_sdk(self, entry_script="train.py", driver="basic_script_driver.py", command=None, distributed=None):
        """Start the job as SDK v3's ModelTrainer makes a container do: bash runs its sm_train.sh."""
        *_, started = self.sdk_command(entry_script, driver, command, distributed)
        self._bash(started)
        by_platform = (self.sources / RESULT).exists()
        started = f"cd {self.sources}; exec python3"
        exported = f"source {self.base}/input/sm_training.env; {started}"
        # A text such as '<(& in a variable ends bash itself: such a script has the files alone.
        alone = f"export SAGEMAKER_BASE_DIR={self.base}; {started}"
        for command in (f"{exported} {self.drivers}/distributed_drivers/{driver}", f"{exported} train.py", f"{alone} train.py"):
            if not (self.sources / RESULT).exists():
                self._bash(command)
        return self._collect(self.sources, by_platform)

    def files_of(self, platform, program="train.py"):
        """The files of a job without hyperparameters of its own, for one host."""
        internal = {"program": program, "submit_directory": os.fspath(self.code), "job_name": JOB_NAME, "region": "eu-west-1"}
        resources = {"current_host": "algo-1", "hosts": ["algo-1"]}
        machine = {"current_instance_type": "local", "network_interface_name": "lo"}
        sent = {f"sagemaker_{name}": json.dumps(value) for name, value in internal.items()}
        files = {"resourceconfig.json": {**resources, **machine}, "inputdataconfig.json": {}}
        return {**files, "hyperparameters.json": sent if platform == "toolkit" else {}}

    def command_of(self, platform, program="train.py"):
        """The command of a container that starts a script with the platform's own code."""
        return [sys.executable, "-c", TOOLKIT] if platform == "toolkit" else self.sdk_command(program)

    def sdk_command(self, entry_script="train.py", driver="basic_script_driver.py", command=None, distributed=None):
        """The command of the container that SDK v3's ModelTrainer asks for, and its files."""
        script = self._write_train_script(driver, command)
        (self.drivers / "sourcecode.json").write_text(json.dumps({"entry_script": entry_script}), encoding="utf-8")
        distributed = {"process_count_per_node": 1} if distributed is None else distributed
        (self.drivers / "distributed.json").write_text(json.dumps(distributed), encoding="utf-8")
        return ["/bin/bash", "-c", f"chmod +x {script} && {script}"]

    def _write_train_script(self, driver, command):
        templates = templates_of_the_sdk()
        if command:
            execute = templates.EXECUTE_BASE_COMMANDS.format(base_command=command)
        else:
            execute = templates.EXEUCTE_DISTRIBUTED_DRIVER.format(driver_name="Script", driver_script=driver)
        script = templates.TRAIN_SCRIPT_TEMPLATE.format(
            working_dir=f"cd {OPT_ML}/input/data/code", install_requirements="", execute_driver=execute
        )
        self._relocate(self.drivers / "sm_train.sh", script)
        return self.drivers / "sm_train.sh"

    def _bash(self, command):
        with self._log.open("ab") as log:
            subprocess.run(
                ["/bin/bash", "-c", command],
                env=self.environ,
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            )

    def _collect(self, directory, by_platform):
        log = self._log.read_text(encoding="utf-8", errors="replace")
        self._log.unlink()
        assert (directory / RESULT).exists(), log
        return Started(pickle.loads((directory / RESULT).read_bytes()), by_platform, log)
