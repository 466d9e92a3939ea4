"""What an observation looks at: a stack, what it wants, and what one read already told that another can use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.address import Address
from orchestrator.core.resource import Resource

T = TypeVar("T")


class Scope:
    """One pass over one stack. Kinds that need the same answer from AWS share it through ``once``.

    ``indexed``: whether to ask the tagging API, which knows nothing yet of what has only just been made.
    """

    def __init__(self, stack: str, wanted: Iterable[Resource] = (), *, indexed: bool = True) -> None:
        self.stack = stack
        self.indexed = indexed
        self.wanted: Mapping[Address, Resource] = {r.address: r for r in wanted}
        self._answers: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()

    def of(self, kind: str) -> list[Resource]:
        """What the stack wants of a kind."""
        return [r for a, r in self.wanted.items() if a.kind == kind]

    def once(self, key: str, ask: Callable[[], T]) -> T:
        """The answer to ``ask``, asked by whoever comes first; the others wait for it, and share its error."""
        with self._lock:
            mine = key not in self._answers
            answer: Future[T] = self._answers.setdefault(key, Future())
        if mine:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def index(self, aws: Aws) -> Mapping[str, Mapping[str, str]]:
        """Tags by ARN of all that the tagging API lists for this stack.

        It lags behind, omits some kinds and lists the recently deleted, so it only proposes: whoever acts on it
        confirms with the service itself. Where it is denied or absent it proposes nothing.
        """
        return self.once("tagging-index", lambda: self._ask_index(aws)) if self.indexed else {}

    def _ask_index(self, aws: Aws) -> Mapping[str, Mapping[str, str]]:
        filters = [{"Key": tags.STACK, "Values": [self.stack]}]
        try:
            found = list(
                aws.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters)
            )
        except Exception as error:
            if classify(error) in (ErrorClass.DENIED, ErrorClass.FATAL, ErrorClass.NOT_FOUND, ErrorClass.UNKNOWN):
                return {}
            raise
        by_arn = {item["ResourceARN"]: tags.as_map(item["Tags"]) for item in found}
        return {arn: t for arn, t in by_arn.items() if t.get(tags.STACK) == self.stack}

    def proposed(self, aws: Aws, kind: str) -> list[str]:
        """ARNs that the tagging API says belong to this stack and are of this kind."""
        return [arn for arn, t in self.index(aws).items() if t.get(tags.ADDRESS, "").startswith(f"{kind}/")]
