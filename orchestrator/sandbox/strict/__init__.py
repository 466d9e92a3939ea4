"""What AWS refuses and moto accepts, refused before moto sees the call.

``install(now)`` puts the layer in front of moto in this process; ``rules()`` lists it; ``disable``, ``enable`` and
``disabled`` switch rules by id. The rules stand beside their services and know nothing of each other.
"""

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.hook import install, layer, reset, uninstall
from orchestrator.sandbox.strict.registry import MODEL, Refusal, Rule, disable, disabled, enable, rules

__all__ = [
    "MODEL",
    "Call",
    "Refusal",
    "Rule",
    "disable",
    "disabled",
    "enable",
    "install",
    "layer",
    "reset",
    "rules",
    "uninstall",
]
