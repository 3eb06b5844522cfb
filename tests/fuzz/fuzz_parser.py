"""Look for inputs that break the promise of tests/support/promise.py, led by what they reach in smargs.

What is given on the command line are options of libFuzzer, such as -max_total_time=60 (seconds). It starts from the inputs in
corpus/ and from those that earlier runs found on this machine, in found/; there it also writes what breaks the promise.
"""

import sys
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit(f"There is no atheris for Python {sys.version.split()[0]} on {sys.platform}: nothing was fuzzed")

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))

with atheris.instrument_imports(include=["smargs"]):
    import promise

    from smargs.container.variables import ARGUMENT_NAMES, BY_NAME, CHANNEL_PREFIX, HYPERPARAMETER_PREFIX

WORDS = (
    *BY_NAME,
    *ARGUMENT_NAMES,
    *(f"\n{mark}" for mark in promise.READERS),
    *(f"\n@{kind}--" for kind in promise.KINDS),
    *(f"\n${prefix}" for prefix in (HYPERPARAMETER_PREFIX, CHANNEL_PREFIX)),
    *('"hyperparameters": {', '"channel_input_dirs": {', "true", "null", "NaN", "Infinity", "1e999", "\\ud800", "{9999}"),
)
"""What bytes that are changed at random would take long to find."""


def main() -> None:
    """Fuzz until time is up, or until the promise is broken."""
    found = HERE / "found"
    inputs = found / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    words = found / "words"
    words.write_text("".join(map(_entry, WORDS)))
    # libFuzzer starts itself again for -merge=1, and hands this to a shell.
    command = f"{sys.executable} {__file__}"
    # An input takes some 10 ms, but a virtual machine may stop for half a minute.
    limits = ("-timeout=120", "-rss_limit_mb=2048", "-max_len=2000", "-len_control=0")
    places = (f"-artifact_prefix={found}/", f"-dict={words}")
    atheris.Setup([command, *limits, *places, *sys.argv[1:], str(inputs), str(HERE / "corpus")], _check)
    atheris.Fuzz()


def _check(data: bytes) -> None:
    """Check the promise; show the input that breaks it, which may be longer than what libFuzzer shows."""
    try:
        promise.check(data)
    except Exception:
        print("Error: the promise is broken by", data)
        raise


def _entry(word: str) -> str:
    """A word as a line of libFuzzer's dictionary."""
    return '"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word.encode()))


if __name__ == "__main__":
    main()
