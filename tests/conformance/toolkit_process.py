"""Start training jobs as a container's main process does, with the training toolkit that can be imported.

Importing the toolkit takes longer than a job of these tests, so one process imports it and forks for each job. Each line of
standard input is the path of a log for one job. The answer is 0 if the toolkit started the script. Otherwise it is 1, and this
process has started the script with what the toolkit had exported until then.
"""

import os
import subprocess
import sys
import traceback

from sagemaker_training import entry_point, environment, runner


def start():
    """What the framework containers do: https://github.com/aws/sagemaker-pytorch-training-toolkit, training.py."""
    job = environment.Environment()
    distributed = job.additional_framework_parameters.get("sagemaker_torch_distributed_enabled")
    entry_point.run(
        job.module_dir,
        job.user_entry_point,
        job.to_cmd_args(),
        job.to_env_vars(),
        runner_type=runner.TorchDistributedRunnerType if distributed else runner.ProcessRunnerType,
        capture_error=True,
    )


def in_child(log):
    """Start the job. Its output goes to a log."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    try:
        start()
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    reached = os.path.exists(os.path.join(environment.code_dir, "result.pickle"))
    if not reached:
        subprocess.run([sys.executable, "train.py"], cwd=environment.code_dir, check=False)
    os._exit(not reached)


def main():
    for line in sys.stdin:
        child = os.fork()
        if not child:
            in_child(line.rstrip("\n"))
        _, status = os.waitpid(child, 0)
        print(os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status), flush=True)


if __name__ == "__main__":
    main()
