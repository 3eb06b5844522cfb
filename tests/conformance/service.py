"""The service's model in botocore, and everything in a request that the model forbids; botocore checks a part of it itself."""

from functools import lru_cache

import botocore.session
import regex
from botocore.validate import ParamValidator

# Any character but a line terminator, as Java has them. Source: java.util.regex.Pattern, "Line terminators".
DOT = "[^\n\r\u0085\u2028\u2029]"


@lru_cache
def model():
    return botocore.session.get_session().get_service_model("sagemaker")


def shape_of(operation, *path):
    """The shape of a member of an operation's request; in a path, a map has the members key and value, a list has member."""
    shape = model().operation_model(operation).input_shape
    for name in path:
        shape = shape.members[name] if shape.type_name == "structure" else getattr(shape, name)
    return shape


def accepted_by_botocore(shape, value):
    return not ParamValidator().validate(value, shape).has_errors()


def violations(shape, value, path=""):
    """Yield what the model forbids in a value, with the path to it."""
    limits = shape.metadata
    size = len(value) if shape.type_name in ("string", "list", "map") else value
    if "min" in limits and size < limits["min"]:
        yield f"{path}: under {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"{path}: over {limits['max']}"
    if "pattern" in limits and not regex.fullmatch(regex.sub(r"(?<!\\)\.", DOT, limits["pattern"]), value):
        yield f"{path}: not as {limits['pattern']}"
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: none of {shape.enum}"
    yield from _violations_inside(shape, value, path)


def _violations_inside(shape, value, path):
    if shape.type_name == "structure":
        yield from (f"{path}.{name}: missing" for name in shape.required_members if name not in value)
        yield from (f"{path}.{name}: unknown" for name in value if name not in shape.members)
        for name in value:
            yield from violations(shape.members[name], value[name], f"{path}.{name}") if name in shape.members else ()
    if shape.type_name == "list":
        for index, member in enumerate(value):
            yield from violations(shape.member, member, f"{path}[{index}]")
    if shape.type_name == "map":
        for key, member in value.items():
            yield from violations(shape.key, key, f"{path} key {key[:20]!r}")
            yield from violations(shape.value, member, f"{path}[{key[:20]!r}]")
