"""A store in a DynamoDB table, for all machines that may call one account."""

from orchestrator.stores.dynamodb.store import READING, WRITING, DynamoDbStore
from orchestrator.stores.dynamodb.table import make_table

__all__ = ["READING", "WRITING", "DynamoDbStore", "make_table"]
