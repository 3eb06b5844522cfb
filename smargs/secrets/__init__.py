"""What is secret, and how it is masked. Everything that is printed, logged, raised or written goes through ``masking``.

``names`` and ``shapes`` are tables: the names of secrets, and values that are secret under any name. ``texts`` and ``tokens``
find secrets in a text and on a command line.
"""
