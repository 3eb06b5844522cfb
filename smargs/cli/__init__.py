"""The command ``smargs``: ``main`` reads its command line, and each command has a module of its own."""
