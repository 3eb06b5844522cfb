"""A SageMaker job on this machine, without Docker: the parts of ``smargs run``.

A job passes through the modules in this order: the request (``job``, ``hyperparameters``, ``variables``, ``channels`` with
``globs`` and ``manifests``, ``groups``, ``metrics``), the container of each host (``containers``, ``processing``), the start of
the script in it (``platforms``, by ``toolkit`` or ``sdk``), the directory in the place of ``/opt/ml`` (``directory``,
``layout``, ``mark``, ``lock``), one process for each host (``launchers``, ``mount``, ``hosts``, ``streams``, ``output``), and
the results (``results``).
``requirements`` compares the packages that a script needs with those of this Python. ``clean`` finds and removes old jobs.

``smargs.testing`` uses ``job``, ``hyperparameters``, ``channels``, ``containers``, ``platforms``, ``directory`` and ``mark``.
"""
