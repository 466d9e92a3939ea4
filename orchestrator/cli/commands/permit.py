"""``iam-policy``: what whoever runs the other commands has to be allowed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags
from orchestrator.core.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.app.privileges import Document, Place, Privileges
    from orchestrator.settings import SharedStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("iam-policy")(iam_policy)


def iam_policy(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only what plan, drift, status, verify and history need.")
    ] = False,
    account: Annotated[
        str | None, typer.Option("--account", help="The account, where the plan does not name it.", metavar="ID")
    ] = None,
    part: Annotated[
        int | None, typer.Option("--part", min=1, help="Print only this one of several policies.", metavar="N")
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", help="Write NAME-1.json, NAME-2.json and so on.", metavar="NAME")
    ] = None,
    var: flags.Variables = [],  # noqa: B006  (typer reads the default, nobody changes it)
    json: flags.Json = False,
) -> int:
    """Print the IAM policy that all commands on a plan need, and no more. Needs no AWS."""
    from orchestrator.app.privileges import Place, privileges
    from orchestrator.plan.load.loader import load_plan
    from orchestrator.settings import load_settings, plan_variables

    loaded = load_plan(plan, environment, flags.pairs(var, "--var"), plan_variables(os.environ))
    region = loaded.model.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    place = Place(stack=loaded.stack, region=region or "*", account=account or loaded.model.account or "*")
    kept = _kept(load_settings(os.environ).store, place, read_only=read_only)
    found = privileges(loaded, region=region, account=account, read_only=read_only, kept=kept)
    chosen = _chosen(found, part)
    if json:
        _as_json(found, chosen)
        return 0
    if out:
        _write(out, chosen)
    else:
        for document in chosen.values():
            typer.echo(document.text())
    _explain(found, out or loaded.stack)
    return 0


def _kept(store: SharedStore | None, place: Place, *, read_only: bool) -> dict[str, frozenset[str]]:
    """What reaching a shared store takes; nothing of the plan's caller where a profile of its own reaches it."""
    if store is None or store.profile:
        return {}
    if store.role:
        return {store.role: frozenset({"sts:AssumeRole"})}
    from orchestrator.stores.dynamodb import READING, WRITING

    table = replace(place, region=store.region or place.region).arn("dynamodb:table", f"table/{store.table}")
    return {table: READING if read_only else READING | WRITING}


def _chosen(found: Privileges, part: int | None) -> dict[int, Document]:
    """The policies by number."""
    numbered = dict(enumerate(found.documents, start=1))
    if part is not None and part not in numbered:
        raise OrchestratorError(f"--part: found {part}, allowed: 1 to {len(numbered)}")
    return numbered if part is None else {part: numbered[part]}


def _write(name: str, chosen: dict[int, Document]) -> None:
    for number, document in chosen.items():
        try:
            Path(f"{name}-{number}.json").write_text(document.text() + "\n", encoding="utf-8")
        except OSError as error:
            raise OrchestratorError(f"cannot write the policy: {error}") from None


def _explain(found: Privileges, name: str) -> None:
    from orchestrator.app.privileges import LIMIT

    count = len(found.documents)
    lines = [f"{count} {'policy' if count == 1 else 'policies'} for the stack {found.place.stack}:"]
    lines += [f"  {n}: {d.size} of {LIMIT} characters" for n, d in enumerate(found.documents, start=1)]
    if count > 1:
        lines.append("That is as much as a managed policy takes, white space aside: attach all to one user or role.")
        lines.append("--part N prints one of them, --out NAME writes a file for each.")
    number = "N" if count > 1 else "1"
    policy = f"--policy-name {Path(name).name}-{number} --policy-document file://{name}-{number}.json"
    lines.append(f"aws iam create-policy {policy}")
    lines.append(
        f"{len(found.unscoped)} actions are granted on *, since IAM knows no resource for them or all are listed:"
    )
    lines.append(f"  {', '.join(found.unscoped)}")
    unknown = [what for what in ("account", "region") if getattr(found.place, what) == "*"]
    if unknown:
        lines.append(f"* stands for the {' and the '.join(unknown)}, which the plan does not name.")
    typer.echo("\n".join(lines), err=True)


def _as_json(found: Privileges, chosen: dict[int, Document]) -> None:
    import sys

    from orchestrator.cli.render.jsonl import JsonLines

    policies = [
        {"number": number, "characters": document.size, "document": document.written()}
        for number, document in chosen.items()
    ]
    place = {"stack": found.place.stack, "account": found.place.account, "region": found.place.region}
    JsonLines(sys.stdout, "iam-policy").result("policies", {**place, "policies": policies, "unscoped": found.unscoped})
