"""Benchmarks: figures against budgets, printed. Not tests: a slow machine fails nothing."""
