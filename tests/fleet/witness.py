"""Who changed what, and who held the stack at that moment: seen by an endpoint through which everybody's calls go.

Each process signs with an access key of its own. Leases are items of a table behind the same endpoint, so the order of
what was leased and what was changed is the order of one log. A call is judged by when it arrived.
"""

from __future__ import annotations

import dataclasses as dc
import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import pairwise
from typing import Any

from orchestrator.aws.door import READS
from orchestrator.sandbox.requests import identify, read_body
from orchestrator.sandbox.server import Sandbox

_KEY = re.compile(r"Credential=([^/]+)/")
_ROLLOUT = re.compile(r'"(\w+)/rollouts/[^@]+@')
_LEASE = re.compile(r"leases/([^@]+)@")


@dc.dataclass(frozen=True)
class Lease:
    """A lease was written: by whom, and whether that leaves it held. ``at`` is a place in the log."""

    at: int
    by: str
    run: str
    fence: int
    held: bool


@dc.dataclass(frozen=True)
class Change:
    """A call that changes something. ``stack`` is empty where the request names nothing but ids."""

    at: int
    by: str
    operation: str
    stack: str


@dc.dataclass(frozen=True)
class Late:
    """A call by somebody who did not hold the stack when it arrived, and when they had last asked whether they do."""

    change: Change
    asked: int

    def __str__(self) -> str:
        return f"{self.change.by}: {self.change.operation} in {self.change.stack or 'some stack'}"


class Witness:
    """A layer around a sandbox."""

    def __init__(self, sandbox: Sandbox, stacks: Iterable[str], people: Container[str] = ()) -> None:
        """``people`` change things by hand, under these access keys."""
        self._people = people
        self._stacks = re.compile(rf"\b({'|'.join(sorted(stacks, key=len, reverse=True))})\b")
        self._server: Any = sandbox._server
        self._app = self._server.app
        self._server.app = self
        self._lock = threading.Lock()
        self._at = 0
        self.leases: dict[str, list[Lease]] = defaultdict(list)
        self.changes: list[Change] = []
        self.rollouts: dict[str, set[str]] = defaultdict(set)
        self._asked: dict[str, list[int]] = defaultdict(list)
        self._notes: dict[str, list[int]] = defaultdict(list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Take a call down, and pass it on."""
        signed = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not signed or signed[1] in self._people:
            return list(self._app(environ, start_response))
        operation, by = identify(environ), signed[1]
        body = read_body(environ).decode("utf-8", "replace")
        if operation.service == "dynamodb":
            return self._stored(environ, start_response, operation.name, by, body)
        if not operation.name.startswith(READS):
            named = self._stacks.search(f"{environ['PATH_INFO']} {environ.get('QUERY_STRING', '')} {body}")
            change = Change(self._now(), by, f"{operation.service}.{operation.name}", named[1] if named else "")
            self.changes.append(change)
        return list(self._app(environ, start_response))

    def note(self, by: str) -> None:
        """Something was done to a process that may have kept a call on its way: it was stopped for a while."""
        self._notes[by].append(self._now())

    def late(self) -> list[Late]:
        """Every change by somebody who did not hold the stack at that moment, by what the store had answered."""
        found = []
        for change in self.changes:
            stacks = [change.stack] if change.stack else list(self.leases)
            if not any(self._holder(stack, change.at) == change.by for stack in stacks):
                asked = max((at for at in self._asked[change.by] if at < change.at), default=0)
                found.append(Late(change, asked))
        return found

    def excused(self, late: Late) -> bool:
        """Whether they were stopped after they had last asked: AWS takes no fences, and a call may be on its way."""
        return any(late.asked < at < late.change.at for at in self._notes[late.change.by])

    def fences(self) -> Iterator[str]:
        """Where a fence did not grow from one holding to the next, or belonged to two of them."""
        for stack, leases in self.leases.items():
            runs: dict[int, set[str]] = defaultdict(set)
            for before, after in pairwise(leases):
                if after.fence < before.fence or (after.run != before.run and after.fence <= before.fence):
                    yield f"{stack}: {before.fence} then {after.fence}"
            for lease in leases:
                runs[lease.fence].add(lease.run)
            yield from (f"{stack}: {fence} of {', '.join(by)}" for fence, by in runs.items() if len(by) > 1)

    def counted(self) -> Counter[str]:
        """What there was to see."""
        holdings = {(stack, lease.run) for stack, leases in self.leases.items() for lease in leases}
        writers = {change.by for change in self.changes}
        return Counter({"changes": len(self.changes), "leases": len(holdings), "writers": len(writers)})

    # -- inside --------------------------------------------------------------------------------------------------------

    def _stored(
        self, environ: dict[str, Any], start_response: Callable[..., Any], operation: str, by: str, body: str
    ) -> Iterable[bytes]:
        status: list[str] = []

        def answer(code: str, *rest: Any) -> Any:
            status.append(code)
            return start_response(code, *rest)

        answered = list(self._app(environ, answer))
        lease, rollout = _LEASE.search(body), _ROLLOUT.search(body)
        if lease or rollout:
            at = self._now()
            self._asked[by] += [at] if lease else []
            if operation == "UpdateItem" and status and status[0].startswith("200"):
                told = json.loads(json.loads(body)["ExpressionAttributeValues"][":value"]["S"])
                if lease:
                    self.leases[lease[1]].append(Lease(at, by, told["run"], int(told["fence"]), bool(told["until"])))
                elif rollout:
                    self.rollouts[rollout[1]].add(told["id"])
        return answered

    def _holder(self, stack: str, at: int) -> str:
        """By whom the last lease was written that had been answered for by then; nobody, if that gave it back."""
        last = next((lease for lease in reversed(self.leases[stack]) if lease.at < at), None)
        return last.by if last and last.held else ""

    def _now(self) -> int:
        with self._lock:
            self._at += 1
            return self._at
