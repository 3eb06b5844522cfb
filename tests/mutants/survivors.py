"""Compare the mutants that survived the last ``mutmut run`` with those that README.md gives a reason for."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

LEDGER = Path(__file__).with_name("README.md")
KILLED = ("killed", "timeout")
LEAST_KILLED = 0.95


class Change(NamedTuple):
    """The change of a mutant without its function: the code before and after, each on one line."""

    before: str
    after: str

    def __str__(self):
        return f"- {self.before}\n+ {self.after}"


def read_change(diff):
    """The change in a diff of one mutant: white space at the ends and the number of spaces do not count."""
    code = {
        sign: " ".join(" ".join(re.findall(rf"^\{sign}(?!\{sign}\{sign})(.*)$", diff, re.MULTILINE)).split()) for sign in "-+"
    }
    return Change(code["-"], code["+"])


def read_ledger(text):
    """The changes in the diff blocks of a Markdown text; a blank line separates two changes."""
    blocks = re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [read_change(diff) for block in blocks for diff in block.strip().split("\n\n")]


def compare(survivors, ledger):
    """Match each survivor with one change of the ledger.

    Args:
        survivors: The change of each survivor, by the mutant's name.
        ledger: Changes that have a reason.

    Returns:
        The names of the survivors without a reason, and the changes of the ledger without a survivor.
    """
    unused = Counter(ledger)
    unexplained = []
    for name, change in survivors.items():
        if unused[change]:
            unused[change] -= 1
        else:
            unexplained.append(name)
    return unexplained, list(unused.elements())


def mutmut(*arguments):
    command = [Path(sys.executable).with_name("mutmut"), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def read_statuses():
    """The status of each mutant, by its name."""
    return dict(re.findall(r"^ +(\S+): (.+)$", mutmut("results", "--all", "true"), re.MULTILINE))


def print_counts(statuses, survivors):
    """Print how many mutants of each module were killed."""
    mutants, survived = (Counter(name.rpartition(".")[0] for name in names) for names in (statuses, survivors))
    for module, count in mutants.items():
        print(f"{module:30} {count:5} mutants {count - survived[module]:5} killed {survived[module]:3} survived")
    timeouts = sum(status == "timeout" for status in statuses.values())
    killed = 1 - len(survivors) / len(statuses)
    print(f"{len(statuses)} mutants, {killed:.1%} killed, {timeouts} of them because they never end")


def main():
    statuses = read_statuses()
    survivors = {name: read_change(mutmut("show", name)) for name, status in statuses.items() if status not in KILLED}
    print_counts(statuses, survivors)
    unexplained, unused = compare(survivors, read_ledger(LEDGER.read_text(encoding="utf-8")))
    for name in unexplained:
        print(f"\n{name} ({statuses[name]}) has no reason in {LEDGER.name}:\n{survivors[name]}")
    for change in unused:
        print(f"\nNo survivor matches this change of {LEDGER.name}:\n{change}")
    return bool(unexplained or unused) or len(survivors) > (1 - LEAST_KILLED) * len(statuses)


if __name__ == "__main__":
    sys.exit(main())
