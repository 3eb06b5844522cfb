"""The part of tensorflow that the how-to page uses; it learns nothing."""

from pathlib import Path
from types import SimpleNamespace


class _Model:
    def __init__(self, layers):
        self.layers = layers

    def compile(self, optimizer, loss):
        pass

    def fit(self, inputs, labels, epochs, verbose):
        assert len(inputs) == len(labels)
        return SimpleNamespace(history={"loss": [0.0] * epochs})

    def save(self, path):
        Path(path).write_text(repr(self.layers), encoding="utf-8")


keras = SimpleNamespace(
    Input=lambda shape: shape,
    Sequential=_Model,
    layers=SimpleNamespace(Dense=lambda units, activation=None: units),
    optimizers=SimpleNamespace(Adam=lambda learning_rate: learning_rate),
)
