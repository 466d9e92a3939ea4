"""An account in a sandbox, for tests that drive kinds by hand."""

from tests.contract.fixtures import account, doors

__all__ = ["account", "doors"]
