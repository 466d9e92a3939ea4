"""Elastic Load Balancing: where requests come in, and which targets they reach."""
