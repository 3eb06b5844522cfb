"""The rooms of the package: each imports the rooms below it, and few know the private names of argparse."""

import argparse
import ast
from pathlib import Path

import configargparse
import pytest

import smargs

HOUSE = Path(smargs.__file__).parent

# From top to bottom. A room imports itself and the rooms below it; rooms on one line do not know each other.
ROOMS = [
    ["__main__"],
    ["cli"],
    ["launch.script"],
    ["launch.check", "launch.process"],
    ["launch.container"],
    ["launch.entry_point"],
    ["testing"],
    ["local"],
    ["launch.child", "launch.preview"],
    ["launch.bundle"],
    ["launch.requirements", "launch.wheels"],
    ["launch.describe"],
    ["launch.algorithm", "launch.json_schema"],
    ["launch.declared"],
    ["launch.first_parse", "launch.origins", "launch.watcher"],
    ["launch.steps"],
    ["tables"],
    ["patch"],
    ["parser"],
    ["_configargparse", "mixin"],
    ["declaring", "errors", "launch.hyperparameters"],
    ["launch.plan"],
    ["launch.draft"],
    ["launch.request"],
    ["launch.trial"],
    ["parsing"],
    ["launch.channels", "arguments.help", "arguments.requirements", "context"],
    ["arguments.config_files", "arguments.filling"],
    ["arguments.matching", "arguments.messages", "arguments.typed"],
    ["launch.ranges"],
    ["launch.pipelines", "arguments.conversion"],
    ["arguments.bounds", "arguments.literals", "arguments.names", "arguments.parts"],
    ["container.rendering"],
    ["container.argv", "container.environment", "container.commandline"],
    ["container.job"],
    ["container.hyperparameters"],
    ["container.sources"],
    ["container.variables"],
    ["secrets"],
    ["launch.limits", "launch.spelling"],
    ["launch.forms"],
    ["launch.equality", "launch.errors", "output", "texts"],
    ["_argparse", "signatures"],
]
RANKS = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}

PRIVATE = {
    name
    for owner in (argparse, argparse.ArgumentParser(), argparse.ArgumentParser().add_mutually_exclusive_group())
    for name in dir(owner)
    if name.startswith("_") and not name.startswith("__")
} | {name for name in vars(configargparse.ArgumentParser()) if name.startswith("_")}


def modules():
    for path in sorted(HOUSE.rglob("*.py")):
        name = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def room_of(module):
    return next((room for room in RANKS if module == room or module.startswith(f"{room}.")), None)


def imports(tree):
    """The modules of the package that a module imports, at any place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "smargs":
            inside = node.module.partition(".")[2]
            for alias in node.names:
                candidates = (f"{inside}.{alias.name}".strip("."), inside)
                yield next(filter(None, map(room_of, candidates)), None)


@pytest.mark.parametrize(("name", "tree"), [pytest.param(*module, id=module[0]) for module in modules() if room_of(module[0])])
def test_a_room_imports_only_rooms_below_it(name, tree):
    room = room_of(name)

    above = [imported for imported in imports(tree) if imported and imported != room and RANKS[imported] <= RANKS[room]]

    assert above == []


def test_every_module_is_in_a_room():
    assert [name for name, _ in modules() if room_of(name) is None and not name.endswith("__init__")] == []


def test_few_modules_name_what_is_private_to_argparse():
    """The mixin and the preview of a script override or wrap methods; all other names are in two modules."""
    naming = {}
    for name, tree in modules():
        attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        names = {node.attr for node in attributes if getattr(node.value, "id", None) != "self"} & PRIVATE
        if names:
            naming[name] = sorted(names)

    assert set(naming) <= {"_argparse", "_configargparse", "mixin", "parser", "launch.preview", "launch.origins"}, naming
