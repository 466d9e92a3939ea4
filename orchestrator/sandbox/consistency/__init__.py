"""What AWS has made and does not yet know of everywhere.

For some seconds a new id of EC2 or ELB is unknown to whoever names it and missing from lists, and the tagging index
leaves it out. A new role can be read at once, but nobody can assume it yet, and no policy can name it. Off unless the
sandbox is given a number of seconds (``lag.install``).
"""

from orchestrator.sandbox.consistency.news import PROPAGATION, propagating, reset

__all__ = ["PROPAGATION", "propagating", "reset"]
