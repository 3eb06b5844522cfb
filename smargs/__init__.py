"""A drop-in argparse.ArgumentParser for training scripts on Amazon SageMaker."""

from smargs.environment import SageMakerEnvironment
from smargs.parser import SageMakerArgumentParser, SageMakerParserMixin

__all__ = ["SageMakerArgumentParser", "SageMakerEnvironment", "SageMakerParserMixin"]
__version__ = "0.1.0"
