"""The lines of forum.md about images, load balancing, compute and scaling, each as a check."""

from __future__ import annotations

import json
from typing import Any

from tests.scenarios.forum.oracle.account import SERVICES, STACK_TAG, Account, tags

_PORT = 3000
_SCALES_BY = {"ECSServiceAverageCPUUtilization": 70.0, "ECSServiceAverageMemoryUtilization": 80.0}


# -- images ------------------------------------------------------------------------------------------------------------


def repositories_scan_encrypt_and_keep_a_bounded_number(account: Account) -> None:
    repositories = {r["repositoryName"]: r for r in account.all("ecr", "describe_repositories", "repositories")}
    for service in SERVICES:
        (name,) = [n for n in repositories if n.rpartition("/")[2] == service and _carries(account, repositories[n])]
        assert repositories[name]["imageScanningConfiguration"]["scanOnPush"] is True
        assert repositories[name]["encryptionConfiguration"]["encryptionType"] in ("AES256", "KMS")
        policy = json.loads(account.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
        bounds = [
            rule["selection"]["countNumber"]
            for rule in policy["rules"]
            if rule["selection"]["countType"] == "imageCountMoreThan"
            and rule["selection"]["tagStatus"] == "any"
            and rule["action"]["type"] == "expire"
        ]
        assert bounds, f"{name} keeps everything"


def _carries(account: Account, repository: Any) -> bool:
    carried = account.client("ecr").list_tags_for_resource(resourceArn=repository["repositoryArn"])
    return tags(carried).get(STACK_TAG) == account.stack


# -- load balancing ----------------------------------------------------------------------------------------------------


def one_balancer_faces_the_internet_in_both_public_subnets(account: Account) -> None:
    balancer = account.balancer
    assert (balancer["Type"], balancer["Scheme"], balancer["State"]["Code"]) == (
        "application",
        "internet-facing",
        "active",
    )
    assert {z["SubnetId"] for z in balancer["AvailabilityZones"]} == account.subnet_ids("public")


def listeners_are_as_the_certificate_says(account: Account) -> None:
    if 443 not in account.listeners:
        assert {port: x["Protocol"] for port, x in account.listeners.items()} == {80: "HTTP"}
        return
    assert set(account.listeners) == {80, 443}
    serving, plain = account.listeners[443], account.listeners[80]
    assert serving["Protocol"] == "HTTPS"
    assert len(serving["Certificates"]) == 1
    (action,) = plain["DefaultActions"]
    assert action["Type"] == "redirect"
    assert (action["RedirectConfig"]["Protocol"], action["RedirectConfig"]["Port"]) == ("HTTPS", "443")
    assert action["RedirectConfig"]["StatusCode"] == "HTTP_301"


def anything_else_is_answered_404_by_the_listener(account: Account) -> None:
    (action,) = _serving(account)["DefaultActions"]
    assert action["Type"] == "fixed-response"
    assert action["FixedResponseConfig"]["StatusCode"] == "404"


def each_path_goes_to_its_own_service(account: Account) -> None:
    rules = _rules(account)
    assert set(rules) == {f"/api/{name}*" for name in SERVICES}
    for name in SERVICES:
        (taking,) = _taking(rules[f"/api/{name}*"])
        registered = {balanced["targetGroupArn"] for balanced in account.ecs_services[name]["loadBalancers"]}
        assert registered == {taking}


def targets_are_checked_every_30_s_and_drain_for_30_s(account: Account) -> None:
    elbv2 = account.client("elbv2")
    groups = {g["TargetGroupArn"]: g for g in account.all("elbv2", "describe_target_groups", "TargetGroups")}
    for rule in _rules(account).values():
        for arn in _taking(rule):
            assert groups[arn]["HealthCheckIntervalSeconds"] == 30
            assert (groups[arn]["Port"], groups[arn]["TargetType"]) == (_PORT, "ip")
            answer = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            attributes = {a["Key"]: a["Value"] for a in answer}
            assert attributes["deregistration_delay.timeout_seconds"] == "30"


def every_task_is_a_healthy_target_and_nothing_else_is(account: Account) -> None:
    for name, rule in _rules(account).items():
        (arn,) = _taking(rule)
        listed = account.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        healthy = {(t["Target"]["Id"], t["Target"]["Port"]) for t in listed if t["TargetHealth"]["State"] == "healthy"}
        tasks = _tasks(account, name.removeprefix("/api/").removesuffix("*"))
        assert healthy == {(_interface(task)["privateIPv4Address"], _PORT) for task in tasks}


def _serving(account: Account) -> Any:
    return account.listeners.get(443) or account.listeners[80]


def _rules(account: Account) -> dict[str, Any]:
    """The listener's rules by their only path; the default is none."""
    found: dict[str, Any] = {}
    for rule in account.all("elbv2", "describe_rules", "Rules", ListenerArn=_serving(account)["ListenerArn"]):
        if rule["Priority"] == "default":
            continue
        (condition,) = rule["Conditions"]
        (path,) = condition.get("PathPatternConfig", condition)["Values"]
        assert path not in found, f"two rules for {path}"
        found[path] = rule
    return found


def _taking(rule: Any) -> list[str]:
    """The target groups that a rule sends anything to."""
    (action,) = rule["Actions"]
    return [g["TargetGroupArn"] for g in action["ForwardConfig"]["TargetGroups"] if g.get("Weight", 1)]


# -- compute -----------------------------------------------------------------------------------------------------------


def the_cluster_has_container_insights(account: Account) -> None:
    settings = {s["name"]: s["value"] for s in account.cluster["settings"]}
    assert settings["containerInsights"] in ("enabled", "enhanced")


def each_service_runs_two_tasks_of_a_quarter_cpu_and_512_mb(account: Account) -> None:
    assert set(account.ecs_services) == set(SERVICES)
    for name, service in account.ecs_services.items():
        assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (2, 2, 0), name
        definition = _definition(account, service)
        assert (definition["cpu"], definition["memory"]) == ("256", "512")
        assert "FARGATE" in definition["requiresCompatibilities"]


def tasks_run_in_the_private_subnets_of_both_zones_without_public_addresses(account: Account) -> None:
    for name in SERVICES:
        tasks = _tasks(account, name)
        assert {_interface(task)["subnetId"] for task in tasks} == account.subnet_ids("private")
        network = account.ecs_services[name]["networkConfiguration"]["awsvpcConfiguration"]
        assert set(network["subnets"]) == account.subnet_ids("private")
        assert network["assignPublicIp"] == "DISABLED"


def containers_run_as_user_1001_with_a_read_only_root(account: Account) -> None:
    for service in account.ecs_services.values():
        (container,) = _definition(account, service)["containerDefinitions"]
        assert container["user"] == "1001"
        assert container["readonlyRootFilesystem"] is True


def images_are_pinned_by_digest(account: Account) -> None:
    for name, service in account.ecs_services.items():
        (container,) = _definition(account, service)["containerDefinitions"]
        repository, _, digest = container["image"].partition("@")
        assert repository.rpartition("/")[2] == name
        assert digest.startswith("sha256:")


def deployments_never_go_below_full_strength_and_the_breaker_is_on(account: Account) -> None:
    for service in account.ecs_services.values():
        configuration = service["deploymentConfiguration"]
        assert configuration["deploymentCircuitBreaker"]["enable"] is True
        assert configuration["minimumHealthyPercent"] == 100


def _definition(account: Account, service: Any) -> Any:
    described = account.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return described["taskDefinition"]


def _tasks(account: Account, name: str) -> list[Any]:
    cluster, service = account.cluster["clusterArn"], account.ecs_services[name]["serviceName"]
    arns = account.all("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus="RUNNING")
    return list(account.client("ecs").describe_tasks(cluster=cluster, tasks=arns)["tasks"])


def _interface(task: Any) -> dict[str, str]:
    (attachment,) = [a for a in task["attachments"] if a["type"] == "ElasticNetworkInterface"]
    return {detail["name"]: detail["value"] for detail in attachment["details"]}


# -- scaling -----------------------------------------------------------------------------------------------------------


def each_service_scales_between_2_and_10(account: Account) -> None:
    targets = account.all(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"
    )
    cluster = account.cluster["clusterName"]
    wanted = {f"service/{cluster}/{s['serviceName']}" for s in account.ecs_services.values()}
    assert {t["ResourceId"] for t in targets if t["ResourceId"].startswith(f"service/{cluster}/")} == wanted
    for target in targets:
        if target["ResourceId"] in wanted:
            assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
            assert not any(target.get("SuspendedState", {}).values()), "something is suspended"


def six_policies_track_cpu_and_memory(account: Account) -> None:
    policies = account.all(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs"
    )
    for service in account.ecs_services.values():
        resource = f"service/{account.cluster['clusterName']}/{service['serviceName']}"
        found = {}
        for policy in (p for p in policies if p["ResourceId"] == resource):
            tracking = policy["TargetTrackingScalingPolicyConfiguration"]
            assert (tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (60, 300)
            found[tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]] = tracking["TargetValue"]
        assert found == _SCALES_BY
    ours = [p for p in policies if p["ResourceId"].startswith(f"service/{account.cluster['clusterName']}/")]
    assert len(ours) == 6
