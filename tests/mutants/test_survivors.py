"""The check of the surviving mutants, with a ledger and mutants of its own."""

import pytest
import survivors
from survivors import Change, compare, read_change, read_ledger

LEDGER = """
An empty slice may start anywhere.

```diff
- return 0, 0
+ return 1, 0

- return 0, 0
+ return 1, 0
```

argparse shows its own message.

```diff
- raise ValueError("expected a boolean")
+ raise ValueError(None)
```
"""
START = Change("return 0, 0", "return 1, 0")
MESSAGE = Change('raise ValueError("expected a boolean")', "raise ValueError(None)")

DIFF_OF_ONE_LINE = """\
--- smargs/container/commandline.py
+++ smargs/container/commandline.py
@@ -3,4 +3,4 @@
     for token in tokens:
         if token == wanted:
             return start, stop
-    return  0, 0
+    return  1, 0
"""
DIFF_OF_SEVERAL_LINES = """\
--- smargs/parsing.py
+++ smargs/parsing.py
@@ -1,4 +1,3 @@
 def known(parsers):
-    return any(
-        parser.known for parser in parsers
-    )
+    return any(None)
"""


def test_a_change_is_read_from_a_diff_without_its_place():
    assert read_change(DIFF_OF_ONE_LINE) == START


def test_a_change_of_several_lines_is_read_as_one_line():
    assert read_change(DIFF_OF_SEVERAL_LINES) == Change("return any( parser.known for parser in parsers )", "return any(None)")


def test_the_ledger_lists_each_change_of_its_diff_blocks():
    assert read_ledger(LEDGER) == [START, START, MESSAGE]


def test_each_change_of_the_real_ledger_has_code_before_and_after():
    changes = read_ledger(survivors.LEDGER.read_text(encoding="utf-8"))
    assert changes
    assert [change for change in changes if not all(change) or change.before == change.after] == []


@pytest.mark.parametrize(
    ("changes", "unexplained", "unused"),
    [
        pytest.param([START, MESSAGE, START], [], [], id="every survivor has a reason"),
        pytest.param([START, START, START, MESSAGE], ["mutant_2"], [], id="one survivor more than the ledger lists"),
        pytest.param([MESSAGE, START], [], [START], id="one survivor less than the ledger lists"),
        pytest.param([START, START], [], [MESSAGE], id="a reason for a mutant that was killed"),
        pytest.param([Change(START.after, START.before), START, START, MESSAGE], ["mutant_0"], [], id="the other way round"),
    ],
)
def test_each_survivor_needs_a_reason_and_each_reason_a_survivor(changes, unexplained, unused):
    survivors = {f"mutant_{number}": change for number, change in enumerate(changes)}
    assert compare(survivors, read_ledger(LEDGER)) == (unexplained, unused)


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Check 100 mutants, of which those with the given changes survive, and return the exit status and the output."""

    def run(*changes):
        names = [f"smargs.parsing.x_parse__mutmut_{number}" for number in range(100)]
        output = {("show", name): str(change) for name, change in zip(names, changes)}
        output["results", "--all", "true"] = "".join(
            f"    {name}: {'survived' if ('show', name) in output else 'killed'}\n" for name in names
        )
        ledger = tmp_path / "README.md"
        ledger.write_text(LEDGER, encoding="utf-8")
        monkeypatch.setattr(survivors, "LEDGER", ledger)
        monkeypatch.setattr(survivors, "mutmut", lambda *arguments: output[arguments])
        return survivors.main(), capsys.readouterr().out

    return run


def test_the_check_passes_if_every_survivor_has_a_reason(run):
    assert run(START, START, MESSAGE) == (
        False,
        "smargs.parsing                   100 mutants    97 killed   3 survived\n"
        "100 mutants, 97.0% killed, 0 of them because they never end\n",
    )


def test_the_check_fails_and_shows_a_survivor_without_a_reason(run):
    failed, output = run(START, START, MESSAGE, Change("x = 1", "x = 2"))
    assert failed
    assert output.endswith("\nsmargs.parsing.x_parse__mutmut_3 (survived) has no reason in README.md:\n- x = 1\n+ x = 2\n")


def test_the_check_fails_and_shows_a_reason_without_a_survivor(run):
    failed, output = run(START, START)
    assert failed
    assert output.endswith(f"\nNo survivor matches this change of README.md:\n{MESSAGE}\n")


def test_the_check_fails_if_too_many_survive(run, monkeypatch):
    monkeypatch.setattr(survivors, "LEAST_KILLED", 0.98)
    assert run(START, START, MESSAGE)[0]
