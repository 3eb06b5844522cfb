"""Before the launch: a script's own parser checks, shows and describes the hyperparameters of a job."""
