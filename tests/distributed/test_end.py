"""How a process of PyTorch ends: one that still has threads of gloo may abort."""

import os
import subprocess
import sys

import pytest
from pages import DOCS, blocks

SHOW_THREADS = """
import os, runpy, sys
import torch.distributed as dist

def show(when):
    names = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
    print(when, any("gloo" in name for name in names))

def destroy(destroy=dist.destroy_process_group):
    show("before")
    destroy()
    show("after")

dist.destroy_process_group = destroy
runpy.run_path(sys.argv.pop(), run_name="__main__")
"""
SCRIPTS = {
    "the example": (DOCS / "examples" / "train_ddp.py").read_text(encoding="utf-8"),
    "the page": next(block.text for block in blocks(DOCS / "how-to" / "pytorch-distributed.md") if block.name == "train.py"),
}


@pytest.mark.parametrize("source", SCRIPTS.values(), ids=SCRIPTS)
def test_no_thread_of_gloo_outlives_the_process_group(source, tmp_path):
    (tmp_path / "train.py").write_text(source, encoding="utf-8")
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))}
    command = [sys.executable, "-c", SHOW_THREADS, "train.py"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(("before", "after"))] == ["before True", "after False"]
