"""rich-argparse, argparse-manpage and sphinx-argparse: what a reader of help, of a manual page and of a documentation sees."""

import re
import sys

import pytest
from platforms import Job

from smargs.testing import SageMakerJob

SCRIPT = """
import sys

from smargs import SageMakerArgumentParser


def get_parser(**settings):
    parser = SageMakerArgumentParser(prog="train.py", description="Train a classifier.", **settings)
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data")
    parser.add_argument("--lr", type=float, default=0.1, help="size of a step (default: %(default)s)")
    parser.add_argument("--layers", nargs="+", type=int, default=[64])
    parser.add_argument("--note", help="what to remember")
    parser.add_argument("--train", required=True, help="directory of the data")
    parser.add_argument("--api-key", help="whom to tell")
    fit = parser.add_subparsers().add_parser("fit", help="only fit")
    fit.add_argument("--folds", type=int, default=5)
    return parser
"""
RICH = """
    import rich_argparse

    get_parser(formatter_class=getattr(rich_argparse, sys.argv.pop(1))).parse_args()
"""
RICH_SCRIPT = f"{SCRIPT}\n\nif __name__ == '__main__':{RICH}"
HYPERPARAMETERS = {"epochs": 20, "layers": [256, 128], "note": "[bold]a[/] [b", "api-key": "s3cr3t-text"}
OFF_SAGEMAKER = Job({}, [])
IN_A_JOB = pytest.mark.parametrize("platform", ["toolkit", "sdk"])
EVERYWHERE = pytest.mark.parametrize(
    "job", [OFF_SAGEMAKER, SageMakerJob(HYPERPARAMETERS, ["train"]), SageMakerJob(HYPERPARAMETERS, ["train"], platform="sdk")]
)


@IN_A_JOB
@pytest.mark.parametrize("formatter", ["RichHelpFormatter", "ArgumentDefaultsRichHelpFormatter", "RawTextRichHelpFormatter"])
def test_rich_help_shows_each_default_and_its_variable(run_tool, formatter, platform):
    job = SageMakerJob(HYPERPARAMETERS, ["train"], platform=platform)
    job.environ["COLUMNS"] = "120"

    shown = run_tool(RICH_SCRIPT, job, sys.executable, "train.py", formatter, *job.argv, "--help")

    assert (shown.returncode, shown.stderr) == (0, "")
    hyphen = "-" if platform == "toolkit" else "_"
    for line in (
        "--epochs EPOCHS       passes over the data (default: 20, from SM_HP_EPOCHS)",
        "--lr LR               size of a step (default: 0.1) (env var: SM_HP_LR)",
        "(default: [256, 128], from SM_HP_LAYERS)",
        "--note NOTE           what to remember (default: [bold]a[/] [b, from SM_HP_NOTE)",
        "--train TRAIN         directory of the data (default: /opt/ml/input/data/train, from SM_CHANNEL_TRAIN)",
        f"--api-key API_KEY     whom to tell (default: ******, from SM_HP_API{hyphen}KEY)",
    ):
        assert line in shown.stdout
    assert "[--train TRAIN]" in shown.stdout


def test_rich_help_in_colour_is_the_help_without_colour(run_tool):
    job = SageMakerJob(HYPERPARAMETERS, ["train"])
    command = (sys.executable, "train.py", "RichHelpFormatter", "--help")
    plain = run_tool(RICH_SCRIPT, job, *command).stdout
    coloured = run_tool(RICH_SCRIPT, Job({**job.environ, "FORCE_COLOR": "1"}, []), *command).stdout

    assert re.search(r"\x1b\[3;\d+m20\x1b", coloured)  # The default is in italics.
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


@EVERYWHERE
def test_a_manual_page_says_what_is_declared_and_nothing_of_the_job(run_tool, job):
    made = run_tool(SCRIPT, job, "argparse-manpage", "--pyfile", "train.py", "--function", "get_parser")

    assert (made.returncode, made.stderr) == (0, "")
    lines = made.stdout.splitlines()
    assert lines[lines.index(".SH DESCRIPTION") + 1] == "Train a classifier."
    assert lines[lines.index(r"\fB\-\-epochs\fR \fI\,EPOCHS\/\fR") + 1] == "passes over the data"
    assert lines[lines.index(r"\fB\-\-lr\fR \fI\,LR\/\fR") + 1] == "size of a step (default: 0.1)"
    assert r"\fB\-\-folds\fR \fI\,FOLDS\/\fR" in lines
    assert not re.search("s3cr3t|256|/opt/ml|SM_", made.stdout)
    # The synopsis is the usage line. An argument that SageMaker fills is optional there.
    synopsis = lines[lines.index(".SH SYNOPSIS") + 2]
    assert ("[--train TRAIN]" in synopsis, "--train TRAIN" in synopsis) == (bool(job.environ), True)


@EVERYWHERE
def test_sphinx_renders_what_is_declared_and_nothing_of_the_job(run_tool, tmp_path, job):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text('project = "train"\nextensions = ["sphinxarg.ext"]\n')
    (source / "index.rst").write_text("Use\n===\n\n.. argparse::\n   :filename: ../train.py\n   :func: get_parser\n")

    built = run_tool(SCRIPT, job, sys.executable, "-m", "sphinx", "-q", "-W", "-b", "text", "docs", "built")

    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    page = (tmp_path / "built" / "index.txt").read_text()
    words = " ".join(page.split())
    for part in (
        "Train a classifier.",
        '--epochs passes over the data Default: "10"',
        '--lr size of a step (default: 0.1) Default: "0.1"',
        "--train directory of the data",
        '--folds Default: "5"',
    ):
        assert part in words
    assert not re.search("s3cr3t|256|/opt/ml|SM_", page)
    assert ("[--train TRAIN]" in words, "--train TRAIN" in words) == (bool(job.environ), True)
