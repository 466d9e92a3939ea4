"""The sandbox as an HTTP proxy: its load balancers answer any client by their DNS names."""

from __future__ import annotations

import http.client
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.acm.models import acm_backends

from orchestrator.sandbox.clock import SpeedClock
from tests.sandbox.system import System
from tests.world import Aws, world


@dataclass
class Answer:
    """What a client got."""

    status: int
    text: str
    headers: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """A fact that the body tells, by its name."""
        return dict(line.split(" ", 1) for line in self.text.splitlines())[name]


def _get(aws: Aws, url: str, method: str = "GET", **headers: str) -> Answer:
    """Ask through the proxy, following nothing."""
    connection = http.client.HTTPConnection(aws.sandbox.url.removeprefix("http://"))
    connection.request(method, url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    answer = Answer(response.status, response.read().decode(), dict(response.headers))
    connection.close()
    return answer


@dataclass
class Shop:
    """A balancer with a listener that says 404, and a service for each of two colours."""

    system: System
    balancer: str
    listener: str
    dns: str
    groups: tuple[str, str]

    @property
    def aws(self) -> Aws:
        return self.system.aws

    def forward(self, *weights: int) -> Any:
        weighed = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(self.groups, weights, strict=True)]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}

    def rule(self, priority: int, action: Any, *conditions: Any) -> str:
        made = self.aws.client("elbv2").create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=list(conditions), Actions=[action]
        )
        return str(made["Rules"][0]["RuleArn"])

    def serve(self, colour: int, behaves: str = "ok", **more: Any) -> None:
        name = ("blue", "green")[colour]
        self.aws.push("web", name, behaves)
        definition = self.system.definition(f"{self.system.registry}/web:{name}", name)
        self.system.service(definition, self.groups[colour], name=name, **more)
        self.aws.sleep(90)

    def get(self, path: str = "/", **headers: str) -> Answer:
        return _get(self.aws, f"http://{self.dns}{path}", **headers)


def _path(*patterns: str) -> Any:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def _fixed(status: int, text: str = "") -> Any:
    config = {"StatusCode": str(status), "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": config}


@pytest.fixture
def shop(system: System) -> Shop:
    system.aws.sandbox.set_traffic(0)
    system.repository()
    elb, balancer = system.aws.client("elbv2"), system.balancer()
    listener = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[_fixed(404, "nothing here")]
    )["Listeners"][0]["ListenerArn"]
    dns = elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["DNSName"]
    groups = system.target_group("blue"), system.target_group("green")
    system.aws.sleep(121)
    return Shop(system, balancer, listener, dns, groups)


def test_a_request_reaches_a_task_that_says_who_it_is(shop: Shop) -> None:
    shop.rule(1, shop.forward(100, 0), _path("/api/*"))
    shop.serve(0)
    answer = shop.get("/api/posts?page=2")
    tasks = {each["taskArn"].rpartition("/")[2]: each for each in shop.system.tasks("blue")}
    assert (answer.status, answer["service"]) == (200, "main/blue")
    assert answer["image"] == tasks[answer["task"]]["containers"][0]["imageDigest"]
    assert {shop.get("/api/posts")["task"] for _ in range(20)} == set(tasks)


def test_any_client_with_the_standard_proxy_setting_gets_through(shop: Shop) -> None:
    shop.rule(1, shop.forward(100, 0), _path("/*"))
    shop.serve(0)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": shop.aws.sandbox.url}))
    with opener.open(f"http://{shop.dns}/") as answer:
        assert (answer.status, b"service main/blue" in answer.read()) == (200, True)


def test_weights_of_the_moment_decide_and_every_request_is_in_the_ledger(shop: Shop) -> None:
    rule = shop.rule(1, shop.forward(50, 50), _path("/*"))
    shop.serve(0)
    shop.serve(1)
    assert {shop.get()["service"] for _ in range(30)} == {"main/blue", "main/green"}
    shop.aws.client("elbv2").modify_rule(RuleArn=rule, Actions=[shop.forward(0, 100)])
    assert {shop.get()["service"] for _ in range(10)} == {"main/green"}
    assert (shop.aws.sandbox.ledger.requests, shop.aws.sandbox.ledger.failed) == (40, 0)


def test_a_rule_is_met_by_path_host_header_query_method_and_source(shop: Shop) -> None:
    header = {"HttpHeaderName": "X-Test", "Values": ["gr?en", "blue*"]}
    shop.rule(1, _fixed(201), {"Field": "http-header", "HttpHeaderConfig": header})
    shop.rule(2, _fixed(202), {"Field": "host-header", "Values": ["*.shop.example"]}, _path("/a/?.html"))
    queries = {"Values": [{"Key": "version", "Value": "b*"}, {"Value": "canary"}]}
    shop.rule(3, _fixed(203), {"Field": "query-string", "QueryStringConfig": queries})
    shop.rule(4, _fixed(206), {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}})
    shop.rule(6, _fixed(207), _path("/inside"), {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}})
    shop.rule(5, _fixed(208), _path("/inside"), {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}})
    statuses = [
        shop.get(x_test="green").status,
        shop.get(x_test="Blueish").status,
        shop.get(x_test="grey").status,
        shop.get("/a/1.html", Host="API.shop.example").status,
        shop.get("/A/1.html", Host="api.shop.example").status,
        shop.get("/?version=beta").status,
        shop.get("/?version=alpha").status,
        shop.get("/?any=canary").status,
        _get(shop.aws, f"http://{shop.dns}/", method="DELETE").status,
        shop.get("/inside").status,
    ]
    assert statuses == [201, 201, 404, 202, 404, 203, 404, 203, 206, 207]


def test_rules_are_tried_by_priority_whenever_they_were_made(shop: Shop) -> None:
    shop.rule(30, _fixed(203), _path("/*"))
    shop.rule(4, _fixed(201), _path("/api/*"))
    shop.rule(20, _fixed(202), _path("/api/*", "/old"))
    assert [shop.get(path).status for path in ("/api/x", "/old", "/else")] == [201, 202, 203]


def test_fixed_responses_and_redirects_are_followed_to_the_letter(shop: Shop) -> None:
    config = {"Protocol": "HTTPS", "Port": "443", "Path": "/new/#{path}", "StatusCode": "HTTP_301"}
    shop.rule(1, {"Type": "redirect", "RedirectConfig": config}, _path("/old/*"))
    moved = shop.get("/old/page?a=1&b=2")
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{shop.dns}:443/new/old/page?a=1&b=2")
    nothing = shop.get("/")
    assert (nothing.status, nothing.text, nothing.headers["Content-Type"]) == (404, "nothing here", "text/plain")
    assert _get(shop.aws, f"http://{shop.dns}/", method="HEAD").text == ""


def test_images_answer_as_they_behave_and_take_virtual_time(shop: Shop) -> None:
    shop.rule(1, shop.forward(0, 100), _path("/*"))
    shop.serve(1, "errors=50,latency=2000")
    before = shop.aws.clock.now()
    assert {shop.get().status for _ in range(30)} == {200, 500}
    assert shop.aws.clock.now() - before == pytest.approx(30 * 2.02, abs=0.01)


def test_a_group_without_targets_answers_503_and_says_why(shop: Shop) -> None:
    shop.rule(1, shop.forward(0, 100), _path("/green"))
    shop.rule(2, shop.forward(0, 0), _path("/none"))
    green, none = shop.get("/green"), shop.get("/none")
    assert (green.status, none.status) == (503, 503)
    assert "the target group has no target that takes requests" in green.text
    assert "no target group has a weight" in none.text


def test_what_is_not_there_is_a_bad_gateway_with_a_reason(shop: Shop) -> None:
    unknown = _get(shop.aws, "http://shop.example/")
    assert unknown.status == 502
    assert unknown.text == f"no load balancer of this sandbox is called shop.example; there are: {shop.dns.lower()}"
    closed = _get(shop.aws, f"http://{shop.dns}:8080/")
    assert closed.status == 502
    assert "has no listener on port 8080; there are: 80" in closed.text
    shop.system.balancer("second")
    elb = shop.aws.client("elbv2")
    dns = elb.describe_load_balancers(Names=["second"])["LoadBalancers"][0]["DNSName"]
    assert "second is not active yet: provisioning" in _get(shop.aws, f"http://{dns}/").text


def test_tls_ends_at_the_sandbox_so_a_tunnel_is_refused_with_the_way_around_it(shop: Shop) -> None:
    connection = http.client.HTTPConnection(shop.aws.sandbox.url.removeprefix("http://"))
    connection.set_tunnel(shop.dns, 443)
    with pytest.raises(OSError, match=f"405 Not Allowed: .* ask http://{shop.dns}:443 instead"):
        connection.request("GET", "/")


def test_aws_calls_go_on_to_aws_even_through_the_proxy() -> None:
    with world() as aws:
        url = aws.sandbox.url
        session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
        config = Config(proxies={"http": url})
        ecs = session.client("ecs", region_name="eu-west-1", endpoint_url=url, config=config)
        assert ecs.list_clusters()["clusterArns"] == []
        assert [call.operation for call in aws.sandbox.calls] == ["ListClusters"]


def test_an_https_listener_answers_on_the_http_form_of_its_port(shop: Shop) -> None:
    acm = shop.aws.client("acm")
    certificate = acm.request_certificate(DomainName="shop.example", ValidationMethod="DNS")["CertificateArn"]
    # ACM's own validation takes a minute of the machine's time
    acm_backends[certificate.split(":")[4]]["eu-west-1"]._certificates[certificate].status = "ISSUED"
    shop.aws.client("elbv2").create_listener(
        LoadBalancerArn=shop.balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[_fixed(204)],
    )
    assert _get(shop.aws, f"http://{shop.dns}:443/").status == 204


def test_a_clock_of_real_time_spends_the_latency_by_sleeping() -> None:
    slept: list[float] = []

    class Watched(SpeedClock):
        def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
            slept.append(seconds)

    Watched(10).spend(0.5)
    assert slept == [0.5]
