"""Train a classifier of handwritten digits on one or more hosts, on Amazon SageMaker or anywhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Tuple

import joblib
import numpy as np
from averaging import PORT, Averaging
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier

from smargs import SageMakerArgumentParser

SIDE, BRIGHTEST = 8, 16


def declare_arguments() -> SageMakerArgumentParser:
    """Declare the arguments; in a SageMaker job, their defaults come from the job."""
    parser = SageMakerArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data")
    parser.add_argument("--batch-size", type=int, default=64, help="images per step")
    parser.add_argument("--learning-rate", default=0.001, help="size of the first steps")
    parser.add_argument("--layers", nargs="+", type=int, default=[64], help="units of each hidden layer")
    parser.add_argument("--augment", action="store_true", help="also learn from shifted images")
    parser.add_argument("--optimizer", type=dict, default={"name": "adam"}, help="a JSON object: name, and betas of adam")
    parser.add_argument("--train", type=Path, required=True, help="directory of CSV files to learn from")
    parser.add_argument("--test", type=Path, required=True, help="directory of CSV files to measure on")
    parser.add_argument("--model-dir", type=Path, default=Path("model"), help="where the model goes")
    parser.add_argument("--output-data-dir", type=Path, default=Path("output"), help="where the evaluation goes")
    parser.add_argument("--hosts", default=["localhost"], help="all hosts of the job")
    parser.add_argument("--current-host", default="localhost", help="this host")
    parser.add_argument("--num-gpus", default=0, help="GPUs of this host")
    parser.add_argument("--averaging-port", default=PORT, help="where the first host listens for the others")
    return parser


def read_channel(directory: Path) -> Tuple[np.ndarray, np.ndarray]:
    """Return the images of a channel, one a row with values from 0 to 1, and their labels, the last column of the CSV files."""
    rows = np.concatenate([np.loadtxt(path, delimiter=",", ndmin=2) for path in sorted(directory.glob("*.csv"))])
    return rows[:, :-1] / BRIGHTEST, rows[:, -1].astype(int)


def with_shifts(images: np.ndarray, labels: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return the images, and each of them shifted by one pixel in four directions, with their labels."""
    squares = images.reshape(-1, SIDE, SIDE)
    moved = [np.roll(squares, step, axis).reshape(images.shape) for axis in (1, 2) for step in (1, -1)]
    return np.concatenate([images, *moved]), np.tile(labels, 1 + len(moved))


def average_weights(model: MLPClassifier, averaging: Averaging) -> None:
    """Give the models of all hosts the mean of their weights. They began with the same random weights."""
    weights = [*model.coefs_, *model.intercepts_]
    mean = averaging.mean(np.concatenate([array.ravel() for array in weights]))
    for array, values in zip(weights, np.split(mean, np.cumsum([array.size for array in weights])[:-1])):
        array[...] = values.reshape(array.shape)


def main() -> None:
    """Train on this host's images, print metrics after each epoch, and save the model of all hosts and its evaluation."""
    args = declare_arguments().parse_args()
    print(f"host {args.current_host} of {', '.join(args.hosts)}; {args.num_gpus} GPUs")
    images, labels = read_channel(args.train)
    test_images, test_labels = read_channel(args.test)
    if args.augment:
        images, labels = with_shifts(images, labels)
    print(f"learning from {len(images)} images, measuring on {len(test_images)}")

    beta_1, beta_2 = args.optimizer.get("betas", (0.9, 0.999))
    model = MLPClassifier(
        hidden_layer_sizes=args.layers,
        solver=args.optimizer.get("name", "adam"),
        beta_1=beta_1,
        beta_2=beta_2,
        batch_size=args.batch_size,
        learning_rate_init=args.learning_rate,
        random_state=0,
    )
    averaging = Averaging(args.hosts, args.current_host, args.averaging_port)
    accuracy = 0.0
    for epoch in range(1, args.epochs + 1):
        model.partial_fit(images, labels, classes=np.unique(labels))
        average_weights(model, averaging)
        accuracy = model.score(test_images, test_labels)
        print(f"epoch {epoch}/{args.epochs}: loss={model.loss_:.4f} accuracy={accuracy:.4f}", flush=True)

    # Every host has the same model, so the leader saves it.
    if averaging.is_leader:
        args.model_dir.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, args.model_dir / "model.joblib")
        args.output_data_dir.mkdir(parents=True, exist_ok=True)
        evaluation = {
            "accuracy": accuracy,
            "confusion": confusion_matrix(test_labels, model.predict(test_images)).tolist(),
        }
        (args.output_data_dir / "evaluation.json").write_text(json.dumps(evaluation, indent=2))


if __name__ == "__main__":
    main()
