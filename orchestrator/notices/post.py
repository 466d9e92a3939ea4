"""One attempt to deliver a message through apprise, which knows the services; and what each can do about threads.

Apprise speaks of its failures only in its log, and there with addresses and tokens: nothing of that log leaves this
module but an HTTP status.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from orchestrator.core.errors import OrchestratorError
from orchestrator.notices.words import Message

if TYPE_CHECKING:
    from apprise import NotifyBase

_STATUS = re.compile(r"error=(\d{3})")
_KEYED: Mapping[str, str] = {"gchat": "threadkey", "pagerduty": "dedup", "incidentio": "dedup", "opsgenie": "alias"}
_MAIL = ("mailto", "mailtos")
_BY_SUBJECT = ("zulip",)


class Undelivered(OrchestratorError):
    """An attempt failed; another one may not. The message says why, and nothing of the address."""


class Unusable(OrchestratorError):
    """No attempt will ever succeed: there is no address, or nobody knows what it means."""


class Post(Protocol):
    """Makes one attempt to deliver. Raises ``Undelivered`` or ``Unusable``, and returns within some seconds."""

    def __call__(self, url: str, message: Message) -> None: ...


def deliver(url: str, message: Message) -> None:
    """One attempt by apprise, which waits four seconds for a connection and four for an answer."""
    import apprise

    statuses = _statuses()
    statuses.forget()
    scheme = urlsplit(url).scheme.lower()
    address = threaded(url, message.thread)
    try:
        service: Any = apprise.Apprise.instantiate(address, asset=_asset(), suppress_exceptions=True)
    except Exception:  # whatever it says may hold the address
        service = None
    if service is None:
        raise Unusable("its address is none that apprise knows: https://appriseit.com lists them")
    body, written = (message.markdown, "markdown") if _takes_markdown(service, url) else (message.plain, "text")
    title = message.first
    if scheme in _BY_SUBJECT:  # the title is the topic, and the same topic is the same thread
        title, body = message.subject, f"{message.first}\n\n{body}"
    try:
        good = service.notify(title=title, body=body or message.first, notify_type=message.kind, body_format=written)
    except Exception as error:
        raise Undelivered(f"apprise failed with {type(error).__name__}") from None
    if not good:
        raise Undelivered(statuses.words())


def threaded(url: str, thread: str) -> str:
    """The address by which messages of one thread stay together, for services that can do that unasked.

    What the address itself says about threads counts more.
    """
    scheme, query = urlsplit(url).scheme.lower(), urlsplit(url).query
    if not thread:
        return url
    if scheme in _MAIL and "references=" not in query.lower():
        mark = quote(f"<{re.sub(r'[^A-Za-z0-9.-]', '.', thread)}@orchestrator.invalid>", safe="")
        return _with(url, f"+References={mark}&+In-Reply-To={mark}")
    if scheme in _KEYED and f"{_KEYED[scheme]}=" not in query:
        return _with(url, f"{_KEYED[scheme]}={quote(thread, safe='')}")
    return url


def _with(url: str, more: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{more}"


def _takes_markdown(service: NotifyBase, url: str) -> bool:
    """Whether a service shows Markdown of its own accord, or its address asks for it."""
    asked = service.resolve_format(None) == "markdown" or "format=markdown" in url.lower()
    return asked and service.resolve_format("markdown") == "markdown"


@cache
def _asset() -> Any:
    """How apprise presents itself: as us, without its pictures, and keeping nothing on the disk."""
    import apprise

    return apprise.AppriseAsset(
        app_id="orchestrator",
        app_desc="orchestrator",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


class _Statuses(logging.Handler):
    """Reads HTTP statuses from apprise's log as it is written, for each thread its own."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._last = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if found := _STATUS.search(record.getMessage()):
            self._last.status = found[1]

    def forget(self) -> None:
        """Begin an attempt."""
        self._last.status = ""

    def words(self) -> str:
        """Why the last attempt of this thread failed, as far as can be told."""
        status = getattr(self._last, "status", "")
        return f"it answered {status}" if status else "it was not reached, did not answer in time, or refused"


@cache
def _statuses() -> _Statuses:
    """The reader, in place of every other handler that apprise's log could reach."""
    import apprise

    handler = _Statuses()
    apprise.logger.addHandler(handler)
    apprise.logger.setLevel(logging.INFO)
    apprise.logger.propagate = False
    return handler
