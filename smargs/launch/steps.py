"""Scripts that parse in steps: first ``parse_known_args()``, then the rest of the command line, often with another parser."""

from __future__ import annotations

import dis
import re
from types import FrameType
from typing import Set

PARSE_METHODS = ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args")

_JUMPS = {*dis.hasjrel, *dis.hasjabs}
_ALWAYS_JUMPS = re.compile("JUMP_(?!IF)")


def parses_again(frame: FrameType) -> bool:
    """Return whether the code of a frame parses again on every path from its current instruction to a return.

    Only then may a script continue after a parse. Otherwise nothing would stop it before it trains.
    """
    instructions = list(dis.get_instructions(frame.f_code))
    places = {instruction.offset: place for place, instruction in enumerate(instructions)}
    pending = [next(place for place, instruction in enumerate(instructions) if instruction.offset > frame.f_lasti)]
    visited: Set[int] = set()
    has_parse = False
    while pending:
        place = pending.pop()
        instruction = instructions[place]
        if instruction.opname.startswith("RETURN"):
            return False
        if _parses(instruction):
            has_parse = True
        elif place not in visited:
            visited.add(place)
            pending += [places[instruction.argval]] if instruction.opcode in _JUMPS else []
            pending += [place + 1] if _may_continue(instruction) else []
    return has_parse


def _parses(instruction: dis.Instruction) -> bool:
    return instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and instruction.argval in PARSE_METHODS


def _may_continue(instruction: dis.Instruction) -> bool:
    """Return whether the next instruction may follow."""
    return not (_ALWAYS_JUMPS.match(instruction.opname) or instruction.opname.startswith(("RAISE", "RERAISE")))
