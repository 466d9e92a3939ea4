"""The service models that clients are made from, found and decoded quickly: a short command spends most on that.

botocore keeps the order of its models by decoding each object into an ``OrderedDict``, in Python. A dict keeps it too.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session


class _PlainJson(JSONFileLoader):  # type: ignore[misc]  # botocore carries no types
    """Reads ``.json`` and ``.json.gz`` into plain dicts."""

    def load_file(self, file_path: str) -> Any:
        """What the file holds; None where there is none. ``file_path`` is without its ending, as botocore hands it."""
        for ending, decompress in ((".json.gz", gzip.decompress), (".json", bytes)):
            path = Path(file_path + ending)
            if path.is_file():
                return json.loads(decompress(path.read_bytes()))
        return None


class _Models(Loader):  # type: ignore[misc]  # botocore carries no types
    FILE_LOADER_CLASS = _PlainJson

    def list_available_services(self, type_name: str) -> list[str]:
        """Every name that may be a service's. Whether it has a model of the type is told by opening that one.

        botocore looks into all four hundred directories, once in each thread that asks at the same time.
        """
        places = (place for place in map(Path, self.search_paths) if place.is_dir())
        return sorted({service.name for place in places for service in place.iterdir()})


def decode_quickly(session: Session) -> None:
    """Let a session read its models with this loader; ``AWS_DATA_PATH`` is honoured as ever."""
    session.register_component("data_loader", _models(session.get_config_variable("data_path") or ""))


@functools.cache
def _models(places: str) -> _Models:
    """One for all sessions: it keeps what it has read."""
    return _Models(extra_search_paths=[str(Path(place).expanduser()) for place in places.split(os.pathsep) if place])
