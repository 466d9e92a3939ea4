"""Secrets that anybody would recognise, put where real ones are; they may be seen nowhere else."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.forum.forum import edited
from tests.system.commands import Terminal

MARK = "recognisable-secret"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": f"{MARK}-key",
    "AWS_SESSION_TOKEN": f"{MARK}-session",
    "DATABASE_PASSWORD": f"{MARK}-password",
}
"""What a command's environment holds."""


def planted(typed: Terminal, plan: Path, service: str) -> Path:
    """A copy of a plan whose service takes one secret from Secrets Manager and one from Parameter Store."""
    name = f"{plan.stem}/{service}"
    stored = typed.client("secretsmanager").create_secret(Name=name, SecretString=f"{MARK}-value")["ARN"]
    typed.client("ssm").put_parameter(Name=f"/{name}", Value=f"{MARK}-parameter", Type="SecureString")
    parameter = typed.client("ssm").get_parameter(Name=f"/{name}")["Parameter"]["ARN"]
    words = f"  {service}:\n    secrets: {{DB_PASSWORD: {stored}, API_TOKEN: {parameter}}}\n"
    return edited(typed.home / plan.name, {f"^  {service}:\n": words}, plan)


def revealed(home: Path) -> list[str]:
    """The files that hold one of them: outputs, state, reports."""
    files = (path for path in sorted(home.rglob("*")) if path.is_file())
    return [str(path) for path in files if MARK in path.read_text(errors="replace")]
