"""A SageMaker job on this machine, without Docker: the parts of ``smargs run``.

A job passes through the modules in this order: the request (``job``, ``hyperparameters``, ``variables``, ``channels`` with
``globs`` and ``manifests``, ``groups``, ``metrics``), the container of each host (``containers``, ``processing``), the start of
the script in it (``platforms``, by ``toolkit`` or ``sdk``, and ``shells``), the directory in the place of ``/opt/ml``
(``directory``, ``layout``, ``mark``, ``locks``), one process for each host (``launchers``, ``mount``, ``hosts``, ``processes``,
``sessions`` with the ``guardian``, ``streams``, ``terminals``, ``output``), and the results (``results``, ``progress``).

``requirements`` compares the packages that a script needs with those of this Python. ``clean`` finds and removes old jobs.
``trees`` walks and removes directories. ``system`` knows what the operating system lacks.
"""
