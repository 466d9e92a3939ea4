"""What holds for every system, every change and every passing failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.resource import Resource
from orchestrator.core.values import refs
from orchestrator.reconcile.report import Outcome
from tests.reconcile.fakes import Cloud, applier, lost_reply, plan_for, refusal
from tests.reconcile.graphs import systems

System = tuple[Resource, ...]

PASSING: dict[str, Callable[[], Exception]] = {
    "busy": lambda: refusal("OperationAborted"),
    "throttled": lambda: refusal("ThrottlingException"),
    "propagating": lambda: refusal("InvalidParameterException", message="Unable to assume the service linked role"),
    "lost": lost_reply,
}
failures = st.dictionaries(
    st.tuples(st.sampled_from(["create", "update"]), st.integers(0, 7), st.sampled_from(["before", "after"])),
    st.sampled_from(sorted(PASSING)),
    max_size=5,
)


def once(cloud: Cloud, planned: dict[tuple[str, int, str], str]) -> None:
    """Fail the n-th create or update before or after it is carried out, as planned, once each."""
    counts: dict[tuple[str, str], int] = {}
    left = dict(planned)

    def hook(when: str) -> Callable[[str, str], None]:
        def call(verb: str, _address: str) -> None:
            n = counts[verb, when] = counts.get((verb, when), -1) + 1
            if failure := left.pop((verb, n, when), None):
                raise PASSING[failure]()

        return call

    cloud.before, cloud.after = hook("before"), hook("after")


def bring(cloud: Cloud, system: System) -> Any:
    return applier(cloud, workers=4).apply(plan_for(cloud, system))


@settings(max_examples=60)
@given(systems(), systems(), failures)
def test_any_change_converges_through_passing_failures_and_makes_nothing_twice(
    before: System, after: System, planned: dict[tuple[str, int, str], str]
) -> None:
    cloud = Cloud(takes=20)
    assert bring(cloud, before).ok
    once(cloud, planned)
    report = bring(cloud, after)
    assert [r.error for r in report.results if not r.outcome.good] == []
    assert cloud.addresses() == sorted(str(r.address) for r in after)
    assert plan_for(cloud, after).empty


@settings(max_examples=60)
@given(systems(), systems())
def test_nothing_is_deleted_while_something_still_uses_it(before: System, after: System) -> None:
    cloud = Cloud(takes=20)
    bring(cloud, before)
    refused: list[str] = []
    cloud.before = lambda verb, address: refused.append(address) if verb == "delete" else None
    bring(cloud, after)
    done = [address for verb, address in cloud.writes if verb == "delete"]
    assert sorted(refused) == sorted(done)


@settings(max_examples=60)
@given(systems(), st.data())
def test_a_failure_blocks_what_needs_it_and_only_that_and_the_next_apply_goes_on(
    system: System, data: st.DataObject
) -> None:
    cloud = Cloud(takes=20)
    bad = data.draw(st.sampled_from([None, *(str(r.address) for r in system)]))

    def fail(_verb: str, address: str) -> None:
        if address == bad:
            raise refusal("InvalidParameterValue")

    cloud.before = fail
    report = bring(cloud, system)
    needing = _needing(system, bad)
    assert {r.step.key for r in report.results if r.outcome is Outcome.FAILED} == ({bad} if bad else set())
    assert {r.step.key for r in report.results if r.outcome is Outcome.BLOCKED} == needing
    assert set(cloud.addresses()) == {str(r.address) for r in system} - needing - {bad}
    cloud.before = lambda _verb, _address: None
    assert bring(cloud, system).ok
    assert plan_for(cloud, system).empty


def _needing(system: System, bad: str | None) -> set[str]:
    found = {bad}
    for resource in system:
        if found & {str(ref.to) for ref in refs(resource)}:
            found.add(str(resource.address))
    return {f for f in found if f} - {bad or ""}
