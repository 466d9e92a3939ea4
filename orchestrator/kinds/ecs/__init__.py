"""Elastic Container Service: where containers run, what runs in them, and how many."""
