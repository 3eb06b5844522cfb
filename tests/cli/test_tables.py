"""Tables with rich and without it, into a pipe and on a real terminal of a given width."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from paths import ROOT

from smargs.tables import print_table

pytestmark = pytest.mark.needs_process

PRINT = """
import json, sys
{before}
from smargs.tables import print_table
print_table(["name", "value"], json.loads(sys.argv[1]))
"""


def environment(**variables):
    return {**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONIOENCODING": "utf-8", **variables}


def in_a_pipe(cells, before="", **variables):
    command = [sys.executable, "-c", PRINT.format(before=before), cells]
    done = subprocess.run(command, env=environment(**variables), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode(variables.get("PYTHONIOENCODING", "utf-8"))


def on_a_terminal(cells, width, **variables):
    """What a terminal of a width is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environ = environment(TERM="xterm", **variables)
    environ.pop("COLUMNS", None) if "COLUMNS" not in variables else None
    child = subprocess.Popen([sys.executable, "-c", PRINT.format(before=""), cells], env=environ, stdout=theirs)
    os.close(theirs)
    sent = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says so that the other end is closed.
            break
        if not part:
            break
        sent += part
    os.close(ours)
    assert child.wait(60) == 0
    return sent.decode()


def test_a_pipe_has_a_table_as_wide_as_its_content():
    value = "x" * 500
    lines = in_a_pipe(f'[["a", "{value}"]]', COLUMNS="20", FORCE_COLOR="1").splitlines()
    assert [line.split() for line in (lines[0], lines[2])] == [["name", "value"], ["a", value]]
    assert len(lines) == 3
    assert set(lines[1]) == {"─"}


def test_without_rich_there_are_tabs_between_and_none_within():
    shown = in_a_pipe(r'[["a", "b\tc\nd"], ["e", "f"]]', before='sys.modules["rich"] = None')
    assert shown == "name\tvalue\na\tb\\tc\\nd\ne\tf\n"


@pytest.mark.parametrize("before", ["", 'sys.modules["rich"] = None'], ids=["rich", "without rich"])
@pytest.mark.parametrize("cell", ["[red]x[/red]", ":smile:", "[/]", "[link=http://x]y"])
def test_markup_in_a_cell_is_shown_as_text(cell, before):
    assert in_a_pipe(f'[["a", "{cell}"]]', before).splitlines()[-1].split() == ["a", cell]


@pytest.mark.parametrize("before", ["", 'sys.modules["rich"] = None'], ids=["rich", "without rich"])
def test_control_sequences_for_a_terminal_are_escaped(before):
    shown = in_a_pipe(r'[["a", "\u001b[2J\r\n\udc80"]]', before)
    assert shown.splitlines()[-1].split() == ["a", r"\x1b[2J\r\n\udc80"]


@pytest.mark.parametrize("before", ["", 'sys.modules["rich"] = None'], ids=["rich", "without rich"])
def test_characters_that_the_output_cannot_encode_are_escaped(before):
    shown = in_a_pipe('[["a", "Grün"]]', before, PYTHONIOENCODING="ascii")
    assert shown.splitlines()[-1].split()[-1] == r"Gr\xfcn"


@pytest.mark.parametrize("width", [30, 60])
def test_a_table_is_as_wide_as_the_terminal_and_complete(width):
    shown = on_a_terminal(f'[["a", "{"xyz" * 60}"]]', width, NO_COLOR="1")
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert max(map(len, plain.splitlines())) == width
    assert "".join(plain.splitlines()[2:]).replace(" ", "") == "a" + "xyz" * 60


def test_the_variable_columns_sets_the_width_on_a_terminal():
    shown = on_a_terminal(f'[["a", "{"x" * 180}"]]', 60, COLUMNS="40", NO_COLOR="1")
    assert len(shown.splitlines()[1].strip()) == 40


def test_styles_are_used_only_on_a_terminal():
    assert "\x1b[1m" in on_a_terminal('[["a", "b"]]', 60)
    assert "\x1b" not in in_a_pipe('[["a", "b"]]', TERM="xterm", FORCE_COLOR="1")


def test_a_table_can_go_to_another_stream(capsys):
    stream = io.StringIO()
    print_table(["a"], [["b"]], stream)
    assert stream.getvalue().split() == ["a", "─", "b"]
    assert capsys.readouterr().out == ""


def test_without_rich_standard_output_is_the_default(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    print_table(["a", "b"], [["1", "2"]])
    assert capsys.readouterr().out == "a\tb\n1\t2\n"


def test_no_module_is_imported_before_a_table_is_wanted():
    command = [sys.executable, "-c", "import sys, smargs.tables; sys.exit('rich' in sys.modules)"]
    assert subprocess.run(command, env=environment(), timeout=60, check=False).returncode == 0
