"""The command ``smargs``: ``main`` reads its command line and runs one command. Each command has a module of its own."""
