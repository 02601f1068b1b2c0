"""Pictures that callers name by address: fetched from the public network, and from nowhere else."""
