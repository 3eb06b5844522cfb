"""The command ``smargs``."""
