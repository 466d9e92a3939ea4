"""Takes a microservice system on AWS from one YAML plan to running, and keeps it so."""

__version__ = "0.1.0"
