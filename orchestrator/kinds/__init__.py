"""Kinds of AWS resources: for each, the value a plan wants and the adapter that reads and writes it."""
