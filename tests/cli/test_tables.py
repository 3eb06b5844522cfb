"""Tables in a pipe and on a real terminal of a given width."""

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
from terminals import read_to_end

from smargs.tables import print_table

pytestmark = pytest.mark.needs_process

PRINT = """
import json, sys
from smargs.tables import print_table
print_table(["name", "value"], json.loads(sys.argv[1]))
"""


def environment(**variables):
    return {**os.environ, "PYTHONPATH": os.fspath(ROOT), "PYTHONIOENCODING": "utf-8", **variables}


def in_a_pipe(cells, **variables):
    command = [sys.executable, "-c", PRINT, cells]
    done = subprocess.run(command, env=environment(**variables), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode(variables.get("PYTHONIOENCODING", "utf-8"))


def on_a_terminal(cells, width, **variables):
    """The output that a terminal of this width receives."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environ = environment(TERM="xterm", **variables)
    environ.pop("COLUMNS", None) if "COLUMNS" not in variables else None
    child = subprocess.Popen([sys.executable, "-c", PRINT, cells], env=environ, stdout=theirs)
    os.close(theirs)
    sent = read_to_end(ours)
    os.close(ours)
    assert child.wait(60) == 0
    return sent.decode()


def test_a_pipe_has_a_table_as_wide_as_its_content():
    value = "x" * 500
    lines = in_a_pipe(f'[["a", "{value}"]]', COLUMNS="20", FORCE_COLOR="1").splitlines()
    assert lines == ["name  value", f"----  {'-' * 500}", f"a     {value}"]


def test_columns_are_aligned_and_a_cell_is_on_one_line():
    shown = in_a_pipe(r'[["a", "b\tc\nd"], ["longer", ""], ["", "f"]]')
    assert shown.splitlines() == ["name    value", "------  -------", r"a       b\tc\nd", "longer", "        f"]


def test_a_wide_character_takes_two_columns_and_an_accent_none():
    shown = in_a_pipe('[["日本", "a"], ["e\u0301", "b"]]')
    assert shown.splitlines()[2:] == ["日本  a", "e\u0301     b"]


@pytest.mark.parametrize("cell", ["[red]x[/red]", ":smile:", "[/]", "[link=http://x]y"])
def test_markup_in_a_cell_is_shown_as_text(cell):
    assert in_a_pipe(f'[["a", "{cell}"]]').splitlines()[-1].split() == ["a", cell]


def test_control_sequences_for_a_terminal_are_escaped():
    shown = in_a_pipe(r'[["a", "\u001b[2J\r\n\udc80"]]')
    assert shown.splitlines()[-1].split() == ["a", r"\x1b[2J\r\n\udc80"]


def test_characters_that_the_output_cannot_encode_are_escaped():
    shown = in_a_pipe('[["a", "Grün"]]', PYTHONIOENCODING="ascii")
    assert shown.splitlines()[-1].split()[-1] == r"Gr\xfcn"


@pytest.mark.parametrize("width", [30, 60])
@pytest.mark.parametrize("text", ["xyz", "日本"])
def test_a_table_is_as_wide_as_the_terminal_and_complete(width, text):
    lines = on_a_terminal(f'[["a", "{text * 60}"]]', width).splitlines()
    assert len(lines[1]) == width
    assert max(sum(2 if character in "日本" else 1 for character in line) for line in lines) <= width
    assert "".join(lines[2:]).replace(" ", "") == "a" + text * 60


def test_on_a_terminal_a_cell_is_folded_after_a_space():
    lines = on_a_terminal('[["a", "one two three"]]', 14).splitlines()
    assert lines == ["name  value", "----  --------", "a     one two", "      three"]


def test_a_terminal_without_room_still_has_every_character():
    lines = on_a_terminal('[["日", "bc"]]', 2).splitlines()
    assert "".join(lines).replace(" ", "").replace("-", "") == "nvaamleue日bc"


def test_the_variable_columns_sets_the_width_on_a_terminal():
    shown = on_a_terminal(f'[["a", "{"x" * 180}"]]', 60, COLUMNS="40")
    assert len(shown.splitlines()[1]) == 40


def test_a_table_can_go_to_another_stream(capsys):
    stream = io.StringIO()
    print_table(["a"], [["b"]], stream)
    assert stream.getvalue().split() == ["a", "-", "b"]
    assert capsys.readouterr().out == ""


def test_standard_output_is_the_default(capsys):
    print_table(["a", "b"], [["1", "2"]])
    assert capsys.readouterr().out == "a  b\n-  -\n1  2\n"
