"""What can be read: by supervisors, by programs, by people; and that it costs AWS nothing and gives nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.store import Scoped, Stored
from orchestrator.daemon.views import State
from orchestrator.lease import acquire
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import BUCKET
from tests.web.stand import Stand, serving, stand

HOSTILE = "\"><script>alert(1)</script>'&\u202egnp.exe"
PAGES = ["/", "/locks", "/stacks/shop.yaml", "/stacks/nothing", "/nothing"]
RECORD: dict[str, Any] = {
    "id": "20261121T000000Z-abc",
    "stack": "mail",
    "service": "mailer",
    "strategy": "canary",
    "release": {"image": f"v2{HOSTILE}@sha256:1", "image_before": "v1@sha256:0"},
    "by": HOSTILE,
    "started": 1000.0,
    "ended": 1600.0,
    "why": f"abort by {HOSTILE}",
    "evidence": {"stopped": [HOSTILE], "logs": [HOSTILE]},
    "journal": [
        {"at": 1000.0, "phase": "forward", "stage": "shift", "percent": 0, "note": ""},
        {
            "at": 1100.0,
            "phase": "forward",
            "stage": "bake",
            "percent": 10,
            "note": "x",
            "gate": HOSTILE,
            "judgement": "fail",
        },
        {"at": 1300.0, "phase": "forward", "stage": "bake", "percent": 10, "note": f"abort by {HOSTILE}"},
    ],
    "outcome": "rolled back",
    "exit_code": 10,
    "weights": [[1000.0, 0], [1100.0, 10]],
    "gates": [{"at": 1100.0, "gate": HOSTILE, "judgement": "fail", "note": HOSTILE}],
}
MAIL = """\
name: mail
region: eu-west-1
daemon: {mode: observe, interval: 86400}
network: {subnets: {public: {a: 10.0.0.0/24, b: 10.0.1.0/24}}}
services:
  mailer: {subnets: public, public_ip: true}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A stack that has drifted, one that is off, and one of which only the history tells."""
    with stand(tmp_path_factory.mktemp("reading")) as found:
        found.stage.write(text=BUCKET)
        found.stage.write("quiet", BUCKET, mode="off")
        found.stage.write("mail", MAIL)
        _store(found).save("mail/history/mailer/20261121T000000Z-abc", RECORD, None)
        found.run(62)
        yield found


def _store(found: Stand) -> Scoped:
    found.stage.write(text=BUCKET)
    return Scoped(found.stage.store, found.stage.system().reader.scope)


# -- supervisors -----------------------------------------------------------------------------------------------------


def test_it_is_alive_at_once_and_ready_when_plans_were_read_and_the_store_has_answered(shop: Stand) -> None:
    with serving(shop.stage) as fresh:
        assert fresh.get("/healthz").json() == {"ok": True}
        assert (fresh.get("/readyz").status_code, fresh.get("/readyz").json()["ok"]) == (503, False)
        fresh.run(40)
        assert fresh.get("/readyz").json() == {"ok": True}


def test_a_loop_that_does_not_turn_any_more_is_not_alive(shop: Stand) -> None:
    with serving(shop.stage) as stuck:
        stuck.daemon.turn()
        stuck.stage.aws.sleep(61)
        assert stuck.get("/healthz").status_code == 503
        stuck.daemon.turn()
        assert stuck.get("/healthz").status_code == 200


class Gone:
    """A store that is not there, and says more about itself than anybody should read."""

    def load(self, key: str) -> Stored | None:
        raise OrchestratorError("cannot reach postgres://admin:hunter22@db/leases")

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        raise OrchestratorError("cannot reach postgres://admin:hunter22@db/leases")

    def keys(self, prefix: str) -> Iterator[str]:
        raise OrchestratorError("cannot reach postgres://admin:hunter22@db/leases")


def test_without_its_store_it_is_not_ready_but_pages_are_there_and_no_password_is(shop: Stand) -> None:
    with serving(shop.stage, stores=lambda _plan, _door: Gone()) as poor:
        poor.run(40)
        assert (poor.get("/readyz").status_code, poor.get("/readyz").json()["why"]) == (
            503,
            "the store does not answer",
        )
        pages = [poor.get(path) for path in ("/", "/stacks/shop.yaml", "/locks", "/api/stacks/shop.yaml", "/api/locks")]
        assert [page.status_code for page in pages] == [200, 200, 200, 200, 503]
        assert "The store cannot be read" in pages[1].text
        assert not [page.url for page in [*pages, poor.get("/readyz")] if "hunter22" in page.text]


class Counted:
    def render(self) -> tuple[bytes, str]:
        return b"stacks 3\n", "text/plain; version=0.0.4; charset=utf-8"


def test_metrics_are_served_as_they_are_rendered_and_missed_where_nobody_counts(shop: Stand) -> None:
    with serving(shop.stage, metrics=Counted()) as counted:
        answer = counted.get("/metrics")
    assert (answer.text, answer.headers["content-type"]) == ("stacks 3\n", "text/plain; version=0.0.4; charset=utf-8")
    assert shop.get("/metrics").status_code == 404


# -- programs --------------------------------------------------------------------------------------------------------


def test_stacks_are_told_with_state_and_drift(shop: Stand) -> None:
    states = {stack["key"]: stack["state"] for stack in shop.get("/api/stacks").json()["stacks"]}
    assert states["shop.yaml"] == State.DRIFTED and states["quiet.yaml"] == State.OFF
    drift = shop.get("/api/stacks/shop.yaml/drift").json()
    assert (drift["in_sync"], [d["subject"] for d in drift["differences"]]) == (False, ["bucket/media"])
    assert [d["subject"] for d in drift["reports"][0]["differences"]] == ["bucket/media"]
    assert shop.get("/api/stacks/mail.yaml").json()["services"] == ["mailer"]


def test_history_is_told_newest_first_and_one_record_by_its_id(shop: Stand) -> None:
    path = "/api/stacks/mail.yaml/history"
    assert [record["id"] for record in shop.get(path).json()["history"]] == [RECORD["id"]]
    assert shop.get(f"{path}?service=mailer&count=1").json()["history"][0]["outcome"] == "rolled back"
    assert shop.get(f"{path}/mailer/{RECORD['id']}").json() == RECORD
    assert shop.get("/api/stacks/mail.yaml/rollouts").json() == {"rollouts": {}, "store": "ok"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("stacks/nothing", 404),
        ("stacks/mail.yaml/history?count=0", 400),
        ("stacks/mail.yaml/history?count=x", 400),
        ("stacks/mail.yaml/history?count=999", 400),
        (f"stacks/mail.yaml/history?count={'9' * 5000}", 400),
        (f"stacks/mail.yaml/history/mailer/{'a' * 300}", 404),
        ("stacks/mail.yaml/history/mailer/%00", 404),
        ("stacks/mail.yaml/history?service=nobody", 404),
        ("stacks/mail.yaml/history/mailer/nothing", 404),
        ("stacks/mail.yaml/history/mailer/..%2F..%2Fleases", 404),
        ("stacks/mail.yaml/history/mailer/%2e%2e", 404),
        ("stacks/mail.yaml/history/nobody/x", 404),
        ("stacks/mail.yaml/rollouts/mailer", 404),
        ("stacks/mail.yaml/graph?format=exe", 400),
        ("nothing", 404),
    ],
)
def test_what_is_not_there_is_said_in_json(shop: Stand, path: str, status: int) -> None:
    answer = shop.get(f"/api/{path}")
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_the_picture_may_be_styled_by_its_own_styles_and_do_nothing_else(shop: Stand) -> None:
    picture = shop.get("/stacks/mail.yaml/system.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; sandbox; frame-ancestors 'none'",
        picture.headers["content-security-policy"],
    )
    assert shop.get("/api/stacks/mail.yaml/graph").text == picture.text
    assert shop.get("/api/stacks/mail.yaml/graph?format=mermaid").text.startswith("flowchart")


def test_who_holds_a_stack_is_told_with_what_for_and_until_when(shop: Stand) -> None:
    assert shop.get("/api/locks").json() == {"locks": []}
    with acquire(_store(shop), shop.means.wall, "shop", doing="apply", owner=HOSTILE, heartbeat=False):
        (lock,) = shop.get("/api/locks").json()["locks"]
        page = shop.get("/locks").text
    assert (lock["stack"], lock["doing"], lock["owner"], lock["fence"]) == ("shop", "apply", HOSTILE, 1)
    assert "apply" in page and "<script>alert" not in page


def test_looking_at_everything_makes_no_call_to_aws(shop: Stand) -> None:
    before = len(shop.stage.aws.sandbox.calls)
    api = [
        "stacks",
        "stacks/shop.yaml",
        "stacks/quiet.yaml",
        "stacks/mail.yaml/history",
        "stacks/shop.yaml/drift",
        "locks",
    ]
    looked = [*PAGES, "/stacks/quiet.yaml", "/stacks/mail.yaml/rollouts/mailer", *(f"/api/{path}" for path in api)]
    assert {shop.get(path).status_code for path in looked} == {200, 404}
    assert len(shop.stage.aws.sandbox.calls) == before


# -- people ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/api/stacks", "/static/page.css", "/healthz", "/api/nothing"])
def test_every_answer_says_what_a_browser_may_do_with_it(shop: Stand, path: str) -> None:
    headers = shop.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
    assert path.startswith("/static") or headers["cache-control"] == "no-store"
    assert "server" not in headers and "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_nothing_that_the_policy_would_have_to_allow(shop: Stand, path: str) -> None:
    text = shop.get(path).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), "nothing comes from elsewhere"


def test_a_name_that_leads_elsewhere_is_no_name_of_ours(shop: Stand) -> None:
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        assert shop.get("/api/stacks", headers={"Host": host}).status_code == 421
        assert shop.get("/healthz", headers={"Host": host}).status_code != 421, "load balancers ask by address"
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"):
        assert shop.get("/api/stacks", headers={"Host": host}).status_code == 200


def test_files_of_the_page_are_kept_by_browsers_until_they_change(shop: Stand) -> None:
    (address,) = re.findall(r'href="(/static/page\.css\?v=\w+)"', shop.get("/").text)
    first = shop.get(address)
    assert "immutable" in first.headers["cache-control"] and first.headers["content-type"].startswith("text/css")
    again = shop.get("/static/page.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")
    assert shop.get("/static/..%2fapp.py").status_code == 404


def test_what_plans_aws_and_people_say_is_shown_as_text_in_the_order_of_its_letters(shop: Stand) -> None:
    with serving(shop.stage) as fresh:
        key = "a <script>alert(2)</script>\u202e.yaml"
        (shop.stage.plans / key.replace("/", "∕")).write_text(BUCKET.replace("NAME", "evil").replace("MODE", "off"))
        fresh.daemon.turn()
        words = {"trouble": HOSTILE, "paused": HOSTILE, "held": HOSTILE, "fault": HOSTILE}
        for hostile in ("shop.yaml", "mail.yaml"):
            fresh.daemon.views.update(hostile, **words, rollouts={"mailer": HOSTILE})
        fresh.daemon.views.update("quiet.yaml", rollouts={"mailer": HOSTILE})
        paths = ["/", "/?q=%22%3E%3Cscript%3Ealert(1)", "/stacks/shop.yaml", "/stacks/mail.yaml"]
        paths += ["/stacks/mail.yaml/rollouts/mailer", f"/stacks/mail.yaml/history/mailer/{RECORD['id']}"]
        texts = [fresh.get(path).text for path in paths]
    for path, text in zip(paths, texts, strict=True):
        assert "<script>alert" not in text, path
        assert "\u202e" not in text, path
    assert "[U+202E]gnp.exe" in texts[2] and "&lt;script&gt;alert(1)" in texts[2]
    assert "%3Cscript%3E" in texts[0], "and its address leads to it"


def test_without_a_script_stacks_can_be_filtered_too(shop: Stand) -> None:
    assert _rows(shop, "/?q=QUIET off") == ["quiet.yaml"]
    assert _rows(shop, "/?state=drifted&q=shop") == ["shop.yaml"]
    assert _rows(shop, "/?q=nothing") == []
    assert _rows(shop, "/?only=quiet.yaml&only=shop.yaml") == ["quiet.yaml", "shop.yaml"]


def _rows(shop: Stand, path: str) -> list[str]:
    return re.findall(r'<tr data-key="([^"]+)"', shop.get(path).text)


def test_a_rollout_that_is_over_is_shown_with_its_picture_and_reason(shop: Stand) -> None:
    text = shop.get(f"/stacks/mail.yaml/history/mailer/{RECORD['id']}").text
    assert 'class="line" d="M0 192 L0 192 L0 192 L166.7 192 L166.7 174.6 L1000 174.6"' in text
    assert len(re.findall(r'class="mark (fail|order)"', text)) == 2
    assert "rolled back" in text and "took 10m00s" in text


def test_memory_stores_are_read_for_each_plan_once_however_many_look(shop: Stand) -> None:
    class Watching(MemoryStore):
        read = 0

        def keys(self, prefix: str) -> Iterator[str]:
            type(self).read += prefix.endswith("/history/")
            return super().keys(prefix)

    kept = Watching()
    with serving(shop.stage, stores=lambda _plan, _door: kept) as served:
        served.daemon.turn()
        Watching.read = 0
        for _ in range(5):
            assert served.get("/stacks/mail.yaml").status_code == 200
    assert Watching.read <= 2, "what was read a moment ago is good enough"
