"""Volumes of a task: scratch space that ends with it, or a file system that outlives it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from orchestrator.core.values import JsonDoc, Link


@dc.dataclass(frozen=True)
class Scratch:
    """Space that the containers of a task share, empty at its start and gone at its end."""


@dc.dataclass(frozen=True)
class Efs:
    """A directory of an EFS file system, or what an access point opens of it. Always encrypted on its way.

    ``authorised`` asks the file system's policy with the task role.
    """

    file_system: Link[Any]
    root: str = "/"
    access_point: Link[Any] = ""
    authorised: bool = False


@dc.dataclass(frozen=True)
class Unrecognised:
    """A volume that somebody else described: equal to nothing that a plan says."""

    volume: JsonDoc


Volume: TypeAlias = Scratch | Efs


def render(volumes: Mapping[str, Volume]) -> list[dict[str, Any]]:
    """Volumes as AWS wants them, in order of their names."""
    return [{"name": name, **_render(volumes[name])} for name in sorted(volumes)]


def parse(volumes: Iterable[Mapping[str, Any]]) -> dict[str, Volume | Unrecognised]:
    """Volumes that AWS describes, by name."""
    return {v["name"]: _parse({k: x for k, x in v.items() if k != "name" and x}) for v in volumes}


def _render(volume: Volume) -> dict[str, Any]:
    if isinstance(volume, Scratch):
        return {}
    efs: dict[str, Any] = {"fileSystemId": volume.file_system, "transitEncryption": "ENABLED"}
    if volume.root != "/":
        efs["rootDirectory"] = volume.root
    if volume.access_point or volume.authorised:
        allowed = {"iam": "ENABLED" if volume.authorised else "DISABLED"}
        point = {"accessPointId": volume.access_point} if volume.access_point else {}
        efs["authorizationConfig"] = {**point, **allowed}
    return {"efsVolumeConfiguration": efs}


def _parse(volume: Mapping[str, Any]) -> Volume | Unrecognised:
    efs = volume.get("efsVolumeConfiguration") or {}
    if len(volume) == 1 and efs.get("transitEncryption") == "ENABLED":
        allowed = efs.get("authorizationConfig") or {}
        point, authorised = allowed.get("accessPointId") or "", allowed.get("iam") == "ENABLED"
        return Efs(efs["fileSystemId"], efs.get("rootDirectory") or "/", point, authorised)
    return Unrecognised(JsonDoc(dict(volume))) if volume else Scratch()
