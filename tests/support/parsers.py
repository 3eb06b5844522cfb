"""Parsers for tests, each declared in one line."""

from smargs import SageMakerArgumentParser


def parser_of(*declarations, **settings):
    """A parser of declarations: the names of each argument, then its settings."""
    parser = SageMakerArgumentParser(prog="train.py", **settings)
    for *names, declaration in declarations:
        parser.add_argument(*names, **declaration)
    return parser


def parse(environ, *declarations, argv=()):
    """What a parser of declarations gives in an environment."""
    return parser_of(*declarations).parse_args(list(argv), env_vars=environ)
