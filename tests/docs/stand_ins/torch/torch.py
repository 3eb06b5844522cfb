"""The part of torch that the how-to page of Lightning uses; it computes nothing."""

from types import SimpleNamespace


def _nothing(*positional, **named):
    """Take all arguments, and make nothing of them."""


ones = _nothing
nn = SimpleNamespace(Linear=_nothing)
optim = SimpleNamespace(Adam=_nothing)
utils = SimpleNamespace(data=SimpleNamespace(DataLoader=_nothing))
