"""The plan files of a directory as they are now: a stack a file and environment, with the last good plan of each."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from pathlib import Path

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.loader import LoadedPlan, environments, load_plan

_SUFFIXES = (".yaml", ".yml")
_Stamp = tuple[int, int, int]


@dc.dataclass(frozen=True, kw_only=True)
class Planned:
    """One stack of one file. ``loaded`` is the last plan that was good, if there ever was one."""

    key: str
    path: Path
    environment: str | None = None
    loaded: LoadedPlan | None = None
    fault: str = ""
    """Why the file as it is now cannot be used; empty when ``loaded`` is what it says."""


class Plans:
    """What a directory holds. Not its subdirectories: whoever keeps drafts keeps them there."""

    def __init__(self, directory: Path, inherited: Mapping[str, str] | None = None) -> None:
        """``inherited``: values for variables that the files declare, as ``load_plan`` takes them."""
        self.directory = directory
        self._inherited = dict(inherited or {})
        self._stamps: dict[Path, _Stamp] = {}
        self._known: dict[Path, dict[str, Planned]] = {}

    def scan(self) -> dict[str, Planned]:
        """Every stack by its key, in order of the files. Only files that changed are read. Raises ``OSError``."""
        files = {p: _stamp(p) for p in sorted(self.directory.iterdir()) if p.suffix in _SUFFIXES and p.is_file()}
        for path, stamp in files.items():
            before = self._known.get(path, {})
            if self._stamps.get(path) != stamp or any(p.fault for p in before.values()):
                self._known[path] = self._read(path, before)
        self._known = {path: self._known[path] for path in files}
        self._stamps = files
        return _without_twins([planned for known in self._known.values() for planned in known.values()])

    def _read(self, path: Path, before: Mapping[str, Planned]) -> dict[str, Planned]:
        try:
            names: tuple[str | None, ...] = environments(path) or (None,)
        except PlanError as error:
            broken = before or {path.name: Planned(key=path.name, path=path)}
            return {key: dc.replace(p, fault=error.message) for key, p in broken.items()}
        found = [self._load(path, name, before) for name in names]
        return {planned.key: planned for planned in found}

    def _load(self, path: Path, environment: str | None, before: Mapping[str, Planned]) -> Planned:
        key = f"{path.name} -e {environment}" if environment else path.name
        planned = Planned(key=key, path=path, environment=environment)
        try:
            return dc.replace(planned, loaded=load_plan(path, environment, {}, self._inherited))
        except PlanError as error:
            last = before[key].loaded if key in before else None
            return dc.replace(planned, loaded=last, fault=error.message)


def _stamp(path: Path) -> _Stamp:
    """Changes when the file does: also when another file is put in its place, as by a volume of a config map."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _without_twins(all_planned: list[Planned]) -> dict[str, Planned]:
    """Of two plans for one stack only the first counts: they would take turns undoing each other."""
    found: dict[str, Planned] = {}
    owners: dict[tuple[str, str, str | None, str | None], str] = {}
    for planned in all_planned:
        found[planned.key] = planned
        if planned.loaded is None:
            continue
        model = planned.loaded.model
        owner = owners.setdefault((planned.loaded.stack, model.region, model.account, model.role), planned.key)
        if owner != planned.key:
            fault = f"describes the stack {planned.loaded.stack}, which {owner} describes already"
            found[planned.key] = dc.replace(planned, loaded=None, fault=fault)
    return found
