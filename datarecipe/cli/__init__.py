"""The command line, nothing but wiring: `commands/` one file a command, `reports/` what they print. May import all else."""
