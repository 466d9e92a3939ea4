"""Faults on demand: chosen calls are throttled, refused, delayed, cut off, or carried out without an answer.

    faults.add(Rule(fault=Fault.LOST_REPLY, service="ec2", operation="Create*", count=1))

The first rule that takes a call decides its fate. Which calls a rate takes is told from a seed and the number of the
call, so that what failed once fails again.
"""

from orchestrator.sandbox.faults.layer import Faults
from orchestrator.sandbox.faults.rules import Fault, Rule

__all__ = ["Fault", "Faults", "Rule"]
