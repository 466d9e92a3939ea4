"""A store of JSON files in a directory, for one machine: several processes and threads may use it at once.

A value is replaced by renaming a complete new file over it, so a reader sees the old or the new one and a full disk
loses nothing. Writers take turns by a lock on the directory, which the kernel lets go of when its holder dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from orchestrator.core.errors import Conflict, OrchestratorError
from orchestrator.core.store import Stored, names_of

_SUFFIX = ".json"
_PLAIN = "._-@+="


class FileStore:
    """Compare-and-swap over files. The directory is made when it is first written to, readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def load(self, key: str) -> Stored | None:
        path = self._path(key)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(path, str(error)) from error
        try:
            held = json.loads(text)
            return Stored(dict(held["value"]), int(held["version"]))
        except (ValueError, TypeError, KeyError) as error:
            raise _unreadable(path, f"it is not what was written ({error})") from error

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                now = self.load(key)
                if (now.version if now else None) != expected:
                    raise Conflict(f"{key} was changed by somebody else meanwhile", hint="look again, then try again")
                stored = Stored(dict(value), (expected or 0) + 1)
                _replace(path, json.dumps({"version": stored.version, "value": stored.value}))
                return stored
        except OSError as error:
            raise OrchestratorError(
                f"cannot save {path}: {error.strerror}; what was there is untouched",
                hint="make room or set ORCHESTRATOR_STATE_DIR to another directory, then run the same again",
            ) from error

    def keys(self, prefix: str) -> Iterator[str]:
        paths = self._root.rglob(f"*{_SUFFIX}") if self._root.is_dir() else ()
        keys = ("/".join(map(unquote, p.relative_to(self._root).parts))[: -len(_SUFFIX)] for p in paths)
        return iter(sorted(key for key in keys if key.startswith(prefix)))

    def _path(self, key: str) -> Path:
        parts = names_of(key)
        return self._root.joinpath(
            *(quote(part, safe=_PLAIN) for part in parts[:-1]), quote(parts[-1], _PLAIN) + _SUFFIX
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; every call opens the file anew, so threads exclude each other too."""
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(path: Path, text: str) -> None:
    """Put a complete file in the place of another, on disk before it shows."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _unreadable(path: Path, why: str) -> OrchestratorError:
    return OrchestratorError(
        f"cannot read {path}: {why}",
        hint="put a backup in its place, or remove the file: live AWS is the truth, only history and progress are lost",
    )
