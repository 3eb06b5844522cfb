"""Parsers for tests, each declared in one line."""

from smargs import SageMakerArgumentParser


def parser_of(*declarations, **settings):
    """Make a parser of declarations. Each has the names of an argument, then its settings."""
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for *names, declaration in declarations:
        parser.add_argument(*names, **declaration)
    return parser


def parse(environ, *declarations, argv=()):
    """Parse with a parser of declarations in an environment."""
    return parser_of(*declarations).parse_args(list(argv), env_vars=environ)
