"""A picture that brings its own styles, under a policy that allows these and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.responses import Response

_SIZE = re.compile(r'<svg [^>]*\bwidth="(\d+)" height="(\d+)"')
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def svg_response(text: str) -> Response:
    """The picture. Its style sheet is allowed by its hash, so that nothing in it can bring another."""
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in _STYLE.findall(text)) or "'none'"
    policy = f"default-src 'none'; style-src {hashes}; sandbox; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return Response(text, media_type="image/svg+xml", headers=headers)


def size_of(text: str) -> tuple[int, int] | None:
    """Its width and height, so that a page has room for it before it is there."""
    found = _SIZE.search(text)
    return (int(found[1]), int(found[2])) if found else None


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
