"""The section of the plan: what it takes, what it refuses, in which words, and that it never shows an address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from orchestrator.notices.notice import GOOD, SEVERITIES
from orchestrator.plan.load.reader import read_text
from orchestrator.plan.model.notifications import EventGroup, EventName, Notifications
from orchestrator.plan.schema import plan_schema
from tests.plan.conftest import Load, Refusal

HEAD = "name: shop\nregion: eu-west-1\nnotifications:\n"
PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
WEBHOOKS = "json://, jsons://, xml://, xmls://, form://, forms://"
INSTEAD = "put the address into an environment variable and write env:ITS_NAME"


def told(load: Load, text: str, environment: str | None = None) -> Notifications:
    return load(HEAD + text, environment).model.notifications


def test_without_routes_every_channel_is_told_everything(load: Load) -> None:
    found = told(load, "  channels: {team: env:A, ops: {url: env:B}}\n")
    assert [found.channels_for(name, severity) for name, severity in SEVERITIES.items()] == [("team", "ops")] * 13


def test_a_route_takes_events_and_groups_of_them_that_are_grave_enough(load: Load) -> None:
    found = told(
        load,
        "  channels: {team: env:A, ops: env:B}\n"
        "  routes:\n"
        "    - {to: [team], on: [rollout, drift-found]}\n"
        "    - {to: [ops, team], severity: error}\n",
    )
    by_event = {name: found.channels_for(name, severity) for name, severity in SEVERITIES.items()}
    assert by_event == {
        "rollout-started": ("team",),
        "rollout-waiting": ("team",),
        "rollout-succeeded": ("team",),
        "rollout-rolled-back": ("team",),
        "rollout-rollback-failed": ("team", "ops"),
        "rollout-failed": ("team", "ops"),
        "apply-failed": ("ops", "team"),
        "drift-found": ("team",),
        "drift-left-alone": (),
        "drift-healed": (),
        "stack-broken": ("ops", "team"),
        "stack-recovered": ("ops", "team"),
        "lock-stuck": (),
    }


def test_an_environment_keeps_the_channels_and_may_have_other_routes(load: Load) -> None:
    block = PAGE.partition("```yaml\n")[2].partition("```")[0]
    text = f"name: shop\nregion: eu-west-1\n{block}  prod: {{}}\n"
    dev, prod = (load(text, name).model.notifications for name in ("dev", "prod"))
    assert dev.channels == prod.channels
    assert (dev.channels_for("stack-broken", "error"), prod.channels_for("stack-broken", "error")) == (
        ("board",),
        ("ops", "board"),
    )


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        (SLACK, f"an address may hold a secret: {INSTEAD} (as it is only a webhook may stand here: {WEBHOOKS})"),
        ("json://ann:hunter2-7@127.0.0.1/hook", f"holds what may be a secret: {INSTEAD}"),
        ("jsons://example.com/hook?token=hunter2-7", f"holds what may be a secret: {INSTEAD}"),
        ("jsons://example.com/services/B0hunter2hunter2", f"holds what may be a secret: {INSTEAD}"),
        ("json://127.0.0.1:hunter2-7/", f"is no address; {INSTEAD}"),
        ("env:hunter2-7", "after env: comes the name of an environment variable: letters, digits and underscores"),
    ],
)
def test_an_address_that_may_hold_a_secret_is_refused_at_its_place_and_not_shown(
    refusal: Refusal, address: str, wrong: str
) -> None:
    (line,) = refusal(f"{HEAD}  channels:\n    team:\n      url: {address}\n")
    assert line == f"plan.yaml:6:12: notifications.channels.team.url: {wrong}"


def test_an_address_is_not_shown_wherever_it_was_written_by_mistake(refusal: Refusal) -> None:
    for text in (
        f"  channels: {SLACK}\n",
        f"  channels: {{team: {{url: env:A}}}}\n  routes: [{{to: {SLACK}}}]\n",
        f"  channels: {{team: {{url: env:A}}}}\n  page: {SLACK}\n",
        f"  channels: {{team: {{url: [{SLACK}]}}}}\n",
        f"  channels: {{'{SLACK}': env:A}}\n",
        f"  channels: {{team: '{SLACK}'}}\n",
        f"  channels: {{team: {{url: env:A}}}}\n  routes: [{{to: ['{SLACK}']}}]\n",
    ):
        said = "\n".join(refusal(HEAD + text))
        assert said and "TIiajkdn" not in said and "T1JJ3T3L2" not in said, said


def test_a_route_to_no_channel_and_an_unknown_event_are_told_with_what_is_near(refusal: Refusal) -> None:
    channels = "  channels: {team: env:A, ops: env:B}\n"
    assert refusal(f"{HEAD}{channels}  routes: [{{to: [teem]}}]\n") == [
        "plan.yaml:5:18: notifications.routes[0].to[0]: there is no channel 'teem', did you mean team?"
    ]
    (line,) = refusal(f"{HEAD}{channels}  routes: [{{to: [team], on: [rollouts]}}]\n")
    assert line.startswith("plan.yaml:5:30: notifications.routes[0].on[0]: found 'rollouts', allowed: one of ")
    assert line.endswith(", did you mean rollout?")


def test_the_schema_for_editors_takes_the_section_and_refuses_a_mistyped_event() -> None:
    validator: Any = jsonschema.Draft202012Validator(plan_schema())
    good = "  channels: {team: env:A}\n  routes: [{to: [team], on: [rollout], severity: error}]\n"
    for text, faults in ((good, 0), (good.replace("[rollout]", "[rolout]"), 1)):
        plain = read_text(HEAD + text, "plan.yaml").plain()
        assert len(list(validator.iter_errors(_lists(plain)))) == faults


def _lists(value: Any) -> Any:
    match value:
        case dict():
            return {key: _lists(item) for key, item in value.items()}
        case tuple():
            return [_lists(item) for item in value]
    return value


def test_every_event_has_a_severity_a_group_and_a_line_on_the_page() -> None:
    assert set(SEVERITIES) == set(get_args(EventName)) and set(SEVERITIES) >= GOOD
    assert {name.partition("-")[0] for name in SEVERITIES} == set(get_args(EventGroup))
    rows = re.findall(r"^\| `([a-z]+-[a-z-]+)` \|.*\| (\w+) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == SEVERITIES
