"""The page's own files: styles, script and mark, kept by browsers for as long as they stay as they are."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_DIRECTORY = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


class Static:
    """The files by name, and the mark by which a browser tells one version from another."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in _DIRECTORY.iterdir() if path.suffix in _KINDS}
        self._marks = {name: hashlib.sha256(content).hexdigest()[:16] for name, content in self._files.items()}

    def address(self, name: str) -> str:
        """Where a file is, as it is now."""
        return f"/static/{name}?v={self._marks[name]}"

    async def serve(self, request: Request) -> Response:
        """A file, or nothing where the browser has it already."""
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(404, "There is no such file.")
        mark = self._marks[name]
        known = request.query_params.get("v") == mark
        headers = {"ETag": f'"{mark}"', "Cache-Control": _FOR_EVER if known else "no-cache"}
        if f'"{mark}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self._files[name], media_type=_KINDS[Path(name).suffix], headers=headers)
