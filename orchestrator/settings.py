"""Settings and where each came from: flag, then ``ORCHESTRATOR_*`` variable, then the user's file, then the default.

The user's file is TOML: ``$XDG_CONFIG_HOME/orchestrator/config.toml`` (``~/.config`` where that is not set).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from orchestrator.core.errors import OrchestratorError


class SettingsError(OrchestratorError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True)
class Setting:
    """One thing that can be set. ``read`` turns text into its value and raises ``ValueError``."""

    name: str
    about: str
    default: Callable[[Mapping[str, str]], Any]
    read: Callable[[str], Any] = str
    allowed: str = "text"
    secret: bool = False
    """Whether it may hold a password, so that even a wrong one is not shown."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ORCHESTRATOR_{self.name.upper()}"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _state_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_STATE_HOME") or _home(environ) / ".local" / "state"
    return Path(base) / "orchestrator"


@dataclass(frozen=True)
class Speed:
    """How fast the endpoint's clock runs, and the instant at which it showed real time; None: when we start."""

    factor: float = 1.0
    since: float | None = None

    def __str__(self) -> str:
        return f"{self.factor:g}" if self.since is None else f"{self.factor:g}@{self.since:.3f}"


def _speed(text: str) -> Speed:
    factor, at, since = text.partition("@")
    speed = Speed(float(factor), float(since) if at else None)
    if not 0 < speed.factor < float("inf"):
        raise ValueError
    return speed


@dataclass(frozen=True)
class SharedStore:
    """A DynamoDB table that machines share, and how to reach it where that is not the way to the plan's account."""

    table: str
    region: str | None = None
    profile: str | None = None
    role: str | None = None

    def __str__(self) -> str:
        told = {k: v for k, v in (("region", self.region), ("profile", self.profile), ("role", self.role)) if v}
        return f"dynamodb://{self.table}" + (f"?{urlencode(told, safe='/:')}" if told else "")


def shared_store(text: str) -> SharedStore | None:
    """The table that an address names; None for ``file``, the state directory. Raises ``ValueError``."""
    if text == "file":
        return None
    address = urlsplit(text)
    told = dict(parse_qsl(address.query, keep_blank_values=True, strict_parsing=bool(address.query)))
    if address.scheme != "dynamodb" or address.path or not _TABLE.fullmatch(address.netloc):
        raise ValueError
    if not all(told.values()) or set(told) - {"region", "profile", "role"}:
        raise ValueError
    return SharedStore(address.netloc, **told)


def _store(text: str) -> SharedStore | str:
    return shared_store(text) or text


@dataclass(frozen=True)
class Broker:
    """Where Celery keeps messages for workers. Its address may hold a password, and shows without it."""

    url: str = field(repr=False)

    @property
    def transport(self) -> str:
        """``redis``, ``sqs`` or ``amqp``."""
        return _BROKERS[urlsplit(self.url).scheme]

    def __str__(self) -> str:
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"


def named_broker(text: str) -> Broker:
    """The broker that an address names. Raises ``ValueError``."""
    if urlsplit(text).scheme not in _BROKERS:
        raise ValueError
    return Broker(text)


@dataclass(frozen=True)
class WebTokens:
    """Tokens of the web page, by the names of those who have them. It shows the names alone."""

    by_name: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return ", ".join(f"{name}:***" for name in self.by_name)


def web_tokens(text: str) -> WebTokens:
    """The tokens in ``name:token,name2:token2``. Raises ``ValueError``, also on tokens that could be guessed."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, token = part.strip().partition(":")
        if not _OWNER.fullmatch(name) or not _TOKEN.fullmatch(token) or name in found:
            raise ValueError
        found[name] = token
    return WebTokens(found)


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _workers(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise ValueError
    return value


STORES = "file, or dynamodb://TABLE with any of ?region=…&profile=…&role=…"
BROKERS = "redis://…, rediss://…, sqs://…, amqp://… or amqps://…"
_BROKERS = {"redis": "redis", "rediss": "redis", "sqs": "sqs", "amqp": "amqp", "amqps": "amqp"}
WEB_TOKENS = "name:token,name2:token2, each token of at least 16 letters and digits"
_OWNER = re.compile(r"[\w.@+-]{1,60}")
_TOKEN = re.compile(r"[!-+\--~]{16,200}", re.ASCII)
_TABLE = re.compile(r"[\w.-]{3,255}", re.ASCII)

SETTINGS: tuple[Setting, ...] = (
    Setting("state_dir", "where leases, rollout cursors and history are kept", _state_dir, Path, "a directory"),
    Setting("store", "a table to keep them in instead, for machines to share", lambda _: "file", _store, STORES),
    Setting(
        "broker",
        "where a daemon puts stacks for workers on several machines",
        lambda _: None,
        named_broker,
        BROKERS,
        secret=True,
    ),
    Setting(
        "web_token",
        "who may steer from the daemon's web page",
        lambda _: None,
        web_tokens,
        WEB_TOKENS,
        secret=True,
    ),
    Setting(
        "web_hosts",
        "names under which the daemon's web page is asked for, besides those of loopback",
        lambda _: (),
        _hosts,
        "host names with commas between",
    ),
    Setting("profile", "AWS profile to use", lambda _: None, str, "a profile name"),
    Setting(
        "clock_speed",
        "how many times faster than the wall the endpoint's clock runs (a sandbox's --speed)",
        lambda _: Speed(),
        _speed,
        "a number above 0, or NUMBER@EPOCH as a sandbox prints it",
    ),
    Setting("workers", "how many steps run at once", lambda _: 8, _workers, "a whole number from 1 to 64"),
)


@dataclass(frozen=True)
class Settings:
    """All settings of one command."""

    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_dir(self) -> Path:
        """Where the file store lives."""
        return Path(self.values["state_dir"])

    @property
    def store(self) -> SharedStore | None:
        """The table to use instead of the state directory."""
        found = self.values["store"]
        return found if isinstance(found, SharedStore) else None

    @property
    def broker(self) -> Broker | None:
        """Where work is put for workers; None for the daemon's own threads."""
        found = self.values["broker"]
        return named_broker(found) if isinstance(found, str) else found

    @property
    def web_tokens(self) -> Mapping[str, str]:
        """Tokens of the web page by their owners' names; none: it is read-only."""
        found = self.values["web_token"]
        return found.by_name if isinstance(found, WebTokens) else {}

    @property
    def web_hosts(self) -> tuple[str, ...]:
        """More names of the web page's host."""
        return tuple(self.values["web_hosts"])

    @property
    def profile(self) -> str | None:
        """The AWS profile, or None for the standard chain's choice."""
        return None if self.values["profile"] is None else str(self.values["profile"])

    @property
    def clock_speed(self) -> Speed:
        """Seconds of the endpoint's clock in one second of the wall."""
        speed = self.values["clock_speed"]
        return speed if isinstance(speed, Speed) else Speed(float(speed))

    @property
    def workers(self) -> int:
        """Steps that run at once."""
        return int(self.values["workers"])


def plan_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Values for variables of plans, from ``ORCHESTRATOR_VAR_*``, by their names in upper case."""
    prefix = "ORCHESTRATOR_VAR_"
    return {name.removeprefix(prefix).upper(): text for name, text in environ.items() if name.startswith(prefix)}


def user_file(environ: Mapping[str, str]) -> Path:
    """Where the user's own settings are."""
    base = environ.get("XDG_CONFIG_HOME") or _home(environ) / ".config"
    return Path(base) / "orchestrator" / "config.toml"


def load_settings(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Settings:
    """Every setting with its origin. Raises ``SettingsError`` naming where, what was found and what is allowed."""
    path = user_file(environ)
    from_file = _read_file(path)
    given = {k: v for k, v in (flags or {}).items() if v is not None}
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        if setting.name in given:
            values[setting.name], origins[setting.name] = given[setting.name], "flag"
        elif setting.variable in environ:
            values[setting.name] = _parsed(setting, environ[setting.variable], setting.variable)
            origins[setting.name] = setting.variable
        elif setting.name in from_file:
            values[setting.name] = _parsed(setting, str(from_file[setting.name]), f"{path}: {setting.name}")
            origins[setting.name] = str(path)
        else:
            values[setting.name], origins[setting.name] = setting.default(environ), "default"
    return Settings(values, origins)


def _parsed(setting: Setting, text: str, where: str) -> Any:
    try:
        return setting.read(text)
    except ValueError:
        found = "***" if setting.secret else repr(text)
        raise SettingsError(f"{where}: found {found}, allowed: {setting.allowed}") from None


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    known = {s.name for s in SETTINGS}
    for name in content:
        if name not in known:
            raise SettingsError(f"{path}: found {name!r}, allowed: {', '.join(sorted(known))}")
    return content
