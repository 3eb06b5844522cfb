"""Write handwritten digits as CSV files of two channels: ``python digits.py DIRECTORY`` makes ``train`` and ``test`` there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

FILES = 8  # Of each channel, so that each host of a job can get some of them.


def write_channels(directory: Path) -> None:
    """Write one row for each image: 64 pixels from 0 to 16, and the label."""
    digits = load_digits()
    rows = np.column_stack([digits.data, digits.target])
    for channel, part in zip(("train", "test"), train_test_split(rows, test_size=0.25, random_state=0)):
        (directory / channel).mkdir(parents=True, exist_ok=True)
        for number, images in enumerate(np.array_split(part, FILES)):
            np.savetxt(directory / channel / f"digits-{number}.csv", images, fmt="%d", delimiter=",")


if __name__ == "__main__":
    write_channels(Path(sys.argv[1]))
