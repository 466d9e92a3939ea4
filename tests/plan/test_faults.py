# ruff: noqa: E501  (a message is one line, as it is printed)
"""What a person reads when a plan file is wrong: the literal text, with the place."""

from __future__ import annotations

import pytest

from tests.plan.conftest import SMALL, Load, Refusal

WITH_DEFAULTS = SMALL.replace("services:", "defaults:\n  cpu: 300\nservices:").replace("cart*]", "cart*]\n  user: {}")


def test_a_small_plan_is_accepted_so_that_the_faults_below_are_their_own(load: Load) -> None:
    loaded = load(SMALL)
    assert (loaded.stack, loaded.model.services["cart"].port, loaded.model.services["cart"].memory) == (
        "shop",
        8080,
        512,
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("port: 8080", "port: 70000", "10:11: services.cart.port: found 70000, allowed: a whole number from 1 to 65535"),
        ("port: 8080", "port: '80'", "10:11: services.cart.port: found '80', allowed: a whole number from 1 to 65535"),
        ("port: 8080", "prot: 8080", "10:5: services.cart.prot: unknown key, did you mean port?"),
        ("entry:", "entri:", "7:1: entri: unknown key, did you mean entry?"),
        ("entry: {}", "entry: {certificate: 7}", "7:22: entry.certificate: found 7, allowed: an ARN such as arn:aws:acm:us-east-1:123456789012:certificate/…"),
        ("entry: {}", "entry: {scheme: internt-facing}", "7:17: entry.scheme: found 'internt-facing', allowed: one of internet-facing, internal, did you mean internet-facing?"),
        ("  cart:", "  Cart:", "9:3: services.Cart: found the name 'Cart', allowed: a name of at most 40 lower-case letters, digits and single hyphens, beginning with a letter"),
        ("eu-west-1", "europe", "2:9: region: found 'europe', allowed: an AWS region such as us-east-1"),
        ("name: shop\n", "", "1:1: name: missing, needed: a name of at most 24 lower-case letters, digits and single hyphens, beginning with a letter"),
        ("entry: {}", "  security_groups:\n    alb: [{ports: 80, from: 0.0.0.0/0, description: it's}]\nentry: {}", "8:53: network.security_groups.alb[0].description: found \"it's\", allowed: at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* as EC2 takes them"),
        ("port: 8080", "scaling: {min: 1}", "10:5: services.cart.scaling.max: missing, needed: a whole number from 1 to 5000"),
        ("port: 8080", "port: 8080\n    port: 8081", "11:5: services.cart.port: stated twice, first in line 10"),
        ("  cart:", "\tcart:", "9:1: a tab, allowed: spaces"),
        ("entry: {}", "entry: {", "9:7: not YAML: expected ',' or '}', but got ':', in what begins at 7:8"),
        ("name: shop", "1: shop", "1:1: the key 1 is not text, put it in quotes"),
        ("name: shop", "name: !!python/object:os.system shop", "1:7: name: the YAML tag tag:yaml.org,2002:python/object:os.system, allowed: plain values"),
        ("name: shop", "name: *shop", "1:7: name: *shop is not declared above"),
        ("port: 8080", "port: 8080\n    env: {DEBUG: true}", "11:18: services.cart.env.DEBUG: found true, allowed: text or a whole number"),
        ("/cart*]", "cart]", "11:13: services.cart.paths[0]: found 'cart', allowed: a path such as /api/posts*, of at most 128 letters, digits and _-.$/~\"'@:+&*?"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_place_what_was_found_and_what_is_allowed(
    refusal: Refusal, before: str, after: str, told: str
) -> None:
    assert f"plan.yaml:{told}" in refusal(SMALL.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("10.0.1.0/24", "10.0.0.128/25", "5:33: network.subnets.public.b: 10.0.0.128/25 overlaps 10.0.0.0/24 of subnet public a"),
        ("10.0.1.0/24", "10.0.1.7/24", "5:33: network.subnets.public.b: found '10.0.1.7/24', which has bits set behind its prefix: did you mean 10.0.1.0/24?"),
        ("10.0.1.0/24", "10.1.1.0/24", "5:33: network.subnets.public.b: 10.1.1.0/24 is outside the network's 10.0.0.0/16"),
        ("10.0.1.0/24", "10.0.1.0/29", "5:33: network.subnets.public.b: found /29, allowed: /16 to /28"),
        ("10.0.1.0/24", "10.0.300.0/24", "5:33: network.subnets.public.b: found '10.0.300.0/24', which is no IPv4 range: allowed 0 to 255 four times and a prefix of 0 to 32"),
        ("b: 10.0.1.0/24", "us-east-1b: 10.0.1.0/24", "5:42: network.subnets.public.us-east-1b: the zone us-east-1b is not in the region eu-west-1, allowed: eu-west-1a or its letter"),
        (", b: 10.0.1.0/24", "", "7:1: entry.subnets: public is in one zone, a load balancer needs subnets in two"),
        ("entry: {}", "entry: {subnets: privat}", "7:18: entry.subnets: there is no tier of subnets 'privat', did you mean private?"),
        ("entry: {}", "entry: {subnets: private}", "7:18: entry.subnets: private is not reached from the internet, allowed: a public tier"),
        ("entry: {}", "entry: {certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/x'}", "7:22: entry.certificate: the certificate is in us-east-1, a load balancer takes those of its region eu-west-1"),
        ("port: 8080", "port: 8080\n    memory: 4096", "11:13: services.cart.memory: found 4096, which Fargate does not have with cpu 256, allowed: 512, 1024, 2048"),
        ("port: 8080", "port: 8080\n    health: {interval: 5}", "11:5: services.cart.health.timeout: found 5, allowed: less than the interval of 5"),
        ("port: 8080", "port: 8080\n    scaling: {min: 3, max: 2, cpu: 70}", "11:20: services.cart.scaling.min: found 3, allowed: at most max, which is 2"),
        ("port: 8080", "port: 8080\n    needs: [crat]", "11:13: services.cart.needs[0]: there is no service 'crat', the plan has none"),
        ("port: 8080", "port: 8080\n    env: {DB_PASSWORD: hunter2}", "11:24: services.cart.env.DB_PASSWORD: looks like a secret: put it into Secrets Manager and its ARN under secrets"),
        ("port: 8080", "port: 8080\n    secrets: {KEY: 'arn:aws:s3:::bucket'}", "11:20: services.cart.secrets.KEY: found an ARN of s3, allowed: one of secretsmanager, or ssm for a parameter"),
        ("entry: {}\n", "", "10:12: services.cart.paths: the plan has no load balancer to send requests here: add entry"),
        ("    port: 8080\n", "", "9:3: services.cart.port: missing, needed: the port that the load balancer sends requests to"),
        ("name: shop", "name: internal-shop", "1:7: name: found 'internal-shop', which AWS does not take for load balancers and roles: begins with internal-"),
        ("name: shop", "name: shop\ntags: {aws:x: y}", "2:15: tags.aws:x: begins with aws:, which AWS keeps for itself"),
        ("network:", "network:\n  endpoints: [logs, logs]", "4:21: network.endpoints[1]: logs is listed twice"),
        ("network:", "network:\n  security_groups: {tasks: [{ports: 80, from: alb}]}", "11:11: services.cart.port: no rule of security group tasks lets 8080 in from alb"),
        ("network:", "network:\n  security_groups: {tasks: [{ports: 9000-8000, from: alb}]}", "4:37: network.security_groups.tasks[0].ports: found 9000-8000, allowed: from the lower port to the higher, up to 65535"),
        ("network:", "network:\n  security_groups: {tasks: [{ports: 8080, from: lab}]}", "4:49: network.security_groups.tasks[0].from: there is no security group 'lab', did you mean alb?"),
        ("network:", "network:\n  nat: [c]", "4:9: network.nat[0]: there is no public subnet in zone c for a NAT gateway to stand in"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_each_other_or_aws_are_told_at_the_one_to_change(
    refusal: Refusal, before: str, after: str, told: str
) -> None:
    assert f"plan.yaml:{told}" in refusal(SMALL.replace(before, after, 1))


def test_all_faults_of_a_file_are_told_at_once_in_its_order(refusal: Refusal) -> None:
    broken = SMALL.replace("eu-west-1", "europe").replace("8080", "0").replace("entry", "entri")
    assert [line.split(": ")[1] for line in refusal(broken)] == ["region", "entri", "services.cart.port"]


def test_a_fault_in_the_defaults_is_told_once_where_it_is_written(refusal: Refusal) -> None:
    assert refusal(WITH_DEFAULTS) == [
        "plan.yaml:9:8: defaults.cpu: found 300, allowed: one of 256, 512, 1024, 2048, 4096, 8192, 16384"
    ]


TWO = SMALL + "  shop:\n    port: 8080\n    paths: [/shop*]\n"


def test_services_that_need_each_other_in_a_circle_are_told_as_the_circle(refusal: Refusal) -> None:
    circle = TWO.replace("  cart:", "  cart:\n    needs: [shop]").replace("  shop:", "  shop:\n    needs: [cart]")
    assert refusal(circle) == [
        "plan.yaml:10:12: services.cart.needs: services need each other in a circle: cart -> shop -> cart"
    ]


def test_a_path_sent_to_two_services_is_told_with_both(refusal: Refusal) -> None:
    told = "plan.yaml:14:13: services.shop.paths[0]: /cart* is already sent to cart"
    assert refusal(TWO.replace("/shop*", "/cart*")) == [told]


def test_a_rule_that_an_earlier_one_hides_is_told_because_its_service_would_get_nothing(refusal: Refusal) -> None:
    hidden = TWO.replace("[/cart*]", "['/s*']")
    assert refusal(hidden) == [
        "plan.yaml:14:12: services.shop.paths: is never reached, cart comes first and takes all of it: "
        "give this a lower priority"
    ]


def test_a_later_rule_that_takes_the_rest_is_accepted(load: Load) -> None:
    assert load(TWO.replace("[/shop*]", "['/*']")).model.services["shop"].paths == ("/*",)


def test_two_rules_of_one_priority_are_told(refusal: Refusal) -> None:
    assert refusal(TWO.replace("[/shop*]", "[/shop*]\n    priority: 100")) == [
        "plan.yaml:15:15: services.shop.priority: the priority 100 is also that of cart"
    ]


def test_what_a_variable_brought_is_not_shown_because_it_may_be_a_secret(refusal: Refusal) -> None:
    text = SMALL.replace("8080", "${var.port}") + "variables: {port: {type: text}}\n"
    assert refusal(text, port="hunter2") == [
        "plan.yaml:10:11: services.cart.port: found '${var.port}', allowed: a whole number from 1 to 65535"
    ]
