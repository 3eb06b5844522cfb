"""How a type checker sees the functions of a launcher: mypy checks this file."""

from pathlib import Path
from typing import Any, Dict

from smargs import HyperparameterError, check_hyperparameters

sent: Dict[str, Any] = check_hyperparameters("train.py", {"epochs": 3})
sent = check_hyperparameters(Path("train.py"), {}, channels=["train"], ranges={}, patch=True, source_dir=Path("."))
sent = check_hyperparameters("train.py", {}, {"train": "s3://bucket/key"})
check_hyperparameters("train.py", {}, patch="yes")  # type: ignore[arg-type]

first: str = HyperparameterError(["a problem"]).problems[0]
