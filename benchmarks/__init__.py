"""Benchmarks: each a module that is run by itself and prints a table. Times are measured here and asserted nowhere."""
