"""Count what the last ``mutmut run`` killed, and hold the mutants that survived against those that CONTRIBUTING explains."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"
KILLED = ("killed", "timeout")
LEAST_KILLED = 0.95


def mutmut(*arguments):
    command = [Path(sys.executable).with_name("mutmut"), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def results():
    """The status of each mutant by its name."""
    return dict(re.findall(r"^ +smargs\.(\S+): (.+)$", mutmut("results", "--all", "true"), re.MULTILINE))


def change(mutant):
    """A mutant as CONTRIBUTING writes it: its function, and the line that it changes as it has it."""
    module, _, function = mutant.rpartition("__mutmut_")[0].partition(".")
    diff = mutmut("show", f"smargs.{mutant}")
    line = re.findall(r"^[-+](?![-+]{2}) *(.*)$", diff, re.MULTILINE)[-1]
    return f"{module}.{re.sub('^x[_ǁ]', '', function).replace('ǁ', '.')}", line


def main():
    statuses = results()
    survived = [mutant for mutant, status in statuses.items() if status not in KILLED]
    mutants, survivors = (Counter(mutant.partition(".")[0] for mutant in names) for names in (statuses, survived))
    for module, count in mutants.items():
        print(f"{module:12} {count:5} mutants {count - survivors[module]:5} killed {survivors[module]:3} survived")
    rate = 1 - len(survived) / len(statuses)
    timeouts = sum(status == "timeout" for status in statuses.values())
    print(f"{len(statuses)} mutants, {rate:.1%} killed, {timeouts} of them because they never end")

    explained = set(re.findall(r"^- `(\S+)`: `(.+)`$", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE))
    found = {change(mutant): mutant for mutant in survived}
    unexplained = [f"{mutant}: {statuses[mutant]}" for key, mutant in found.items() if key not in explained]
    killed = [f"explained, but killed: {function}: {line}" for function, line in explained - found.keys()]
    print(*unexplained, *killed, sep="\n")
    return bool(unexplained or killed) or rate < LEAST_KILLED


if __name__ == "__main__":
    sys.exit(main())
