"""A SageMaker training job on this machine, without Docker: what ``smargs run`` does.

The flow is one walk: what is asked (``job``) → what each platform makes of it (``platforms``) → a directory in the place of
``/opt/ml`` (``directory``) → one process a host (``launchers``, ``hosts``) → what is kept of it (``results``).
"""
