"""The command line: one file a command, nothing but wiring. May import everything else."""
