"""A drop-in argparse.ArgumentParser for training scripts on Amazon SageMaker."""

from smargs.environment import SageMakerEnvironment
from smargs.mixin import SageMakerParserMixin
from smargs.parser import SageMakerArgumentParser

__all__ = ["SageMakerArgumentParser", "SageMakerEnvironment", "SageMakerParserMixin"]
__version__ = "0.1.0"
