"""A SageMaker training job on this machine, without Docker: the parts of ``smargs run``.

A job passes through the modules in this order: the request (``job``, ``hyperparameters``, ``channels``), the container of
each host (``containers``), the start of the script in it (``platforms``, by ``toolkit`` or ``sdk``), the directory in the place
of ``/opt/ml`` (``directory``, ``layout``, ``mark``), one process for each host (``launchers``, ``hosts``), and the results
(``results``). ``clean`` finds and removes old jobs.

``smargs.testing`` uses ``job``, ``hyperparameters``, ``channels``, ``containers``, ``platforms``, ``directory`` and ``mark``.
The command uses these, and ``launchers``, ``hosts``, ``results`` and ``clean``. The other modules are internal.
"""
