"""What is judged: examples of runs and records of files, drawn and mixed, without what would give them away."""
