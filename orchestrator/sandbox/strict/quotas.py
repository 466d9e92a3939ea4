"""Service quotas that the strict layer enforces, at AWS's defaults for a new account."""

from __future__ import annotations

_DEFAULTS = {"ec2 elastic ip addresses": 5, "iam policies per role": 10}

_quotas = dict(_DEFAULTS)


def quota(name: str) -> int:
    """The quota in force."""
    return _quotas[name]


def set_quota(name: str, value: int) -> None:
    """Change a quota, as a support request would; the name is one that exists."""
    if name not in _DEFAULTS:
        raise KeyError(f"no quota {name!r}; known: {', '.join(sorted(_DEFAULTS))}")
    _quotas[name] = value


def reset_quotas() -> None:
    """Back to the defaults."""
    _quotas.update(_DEFAULTS)
