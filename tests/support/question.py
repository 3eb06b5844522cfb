"""A question for the process of a script: its parser, its directory and its environment."""

import os
import sys


def answer(parser, parse, details):
    """Answer with the details of the question, the parser, and the process."""
    if details == "fail":
        raise RuntimeError("two\nlines")
    if details == "exit":
        raise SystemExit(3)
    return {
        "details": details,
        "classes": [cls.__name__ for cls in type(parser).__mro__],
        "options": sorted(option for action in parser._actions for option in action.option_strings),
        "argv": sys.argv,
        "directory": os.getcwd(),
        "environ": {name: text for name, text in os.environ.items() if name.startswith(("SM_", "SAGEMAKER_"))},
        "parsed": vars(parse()) if details == "parse" else None,
    }
