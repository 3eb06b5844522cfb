"""The part of xgboost that the how-to page uses; it learns nothing."""

import json
from pathlib import Path


class DMatrix:
    def __init__(self, data, label):
        assert len(data) == len(label)


class Booster:
    def __init__(self, params, rounds):
        self.params, self.rounds = params, rounds

    def num_boosted_rounds(self):
        return self.rounds

    def save_model(self, path):
        Path(path).write_text(json.dumps(self.params), encoding="utf-8")


def train(params, dtrain, num_boost_round, evals, verbose_eval):
    assert isinstance(dtrain, DMatrix)
    assert all(isinstance(matrix, DMatrix) for matrix, _ in evals)
    return Booster(params, num_boost_round)
