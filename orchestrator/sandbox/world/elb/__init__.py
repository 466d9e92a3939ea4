"""Elastic Load Balancing as it acts: balancers that become active, rules, and targets that turn healthy or drain."""
