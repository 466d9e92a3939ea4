"""Repairs of moto, seen through plain boto3."""
