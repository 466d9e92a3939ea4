"""Every line of chat.md as a small check that reads AWS with plain boto3 and knows nothing of the product."""

from __future__ import annotations

from typing import Any

from tests.scenarios.forum.oracle.account import STACK_TAG, Account, tags

PORTS = {"discovery-server": 8761, "users": 8081, "discussion": 8083, "feed": 8080, "api-gateway": 8765, "frontend": 80}
PUBLIC = ("api-gateway", "frontend")
INSIDE = ("discovery-server", "users", "discussion", "feed")
_SUBNETS = {
    ("public", "a"): "10.0.1.0/24",
    ("public", "b"): "10.0.2.0/24",
    ("private", "a"): "10.0.3.0/24",
    ("private", "b"): "10.0.4.0/24",
}


# -- network -----------------------------------------------------------------------------------------------------------


def the_network_has_its_ranges_in_zones_a_and_b(account: Account) -> None:
    assert account.vpc["CidrBlock"] == "10.0.0.0/16"
    assert {place: subnet["CidrBlock"] for place, subnet in account.subnets.items()} == _SUBNETS
    assert len(account.in_vpc("describe_subnets", "Subnets")) == len(_SUBNETS)


def one_nat_gateway_in_zone_b_is_the_way_out_of_both_private_subnets(account: Account) -> None:
    listed = account.all("ec2", "describe_nat_gateways", "NatGateways")
    (nat,) = [g for g in listed if g["VpcId"] == account.vpc["VpcId"] and g["State"] == "available"]
    assert nat["SubnetId"] == account.subnets["public", "b"]["SubnetId"]
    for subnet in account.subnet_ids("private"):
        route = account.default_routes[subnet]
        assert (route["NatGatewayId"], route["State"]) == (nat["NatGatewayId"], "active")


def the_balancer_is_open_on_80_and_443(account: Account) -> None:
    let_in = _let_in(account, account.balancer["SecurityGroups"])
    assert let_in == {("tcp", 80, 80, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")}


def tasks_are_reached_by_the_balancer_and_by_each_other(account: Account) -> None:
    (balancer,) = account.balancer["SecurityGroups"]
    for name in PORTS:
        (tasks,) = _network(account, name)["securityGroups"]
        by_balancer = {("tcp", 8080, 8765, balancer), ("tcp", 80, 80, balancer)}
        assert _let_in(account, [tasks]) == by_balancer | {("tcp", port, port, tasks) for port in PORTS.values()}


# -- services ----------------------------------------------------------------------------------------------------------


def six_services_run_as_small_fargate_tasks_in_both_private_subnets(account: Account) -> None:
    assert set(account.ecs_services) == set(PORTS)
    for name, service in account.ecs_services.items():
        assert (service["runningCount"], service["pendingCount"]) == (service["desiredCount"], 0), name
        assert service["desiredCount"] > 0
        definition = _definition(account, name)
        assert (definition["cpu"], definition["memory"]) == ("256", "512")
        assert {p["containerPort"] for c in definition["containerDefinitions"] for p in c["portMappings"]} == {
            PORTS[name]
        }
        assert service["launchType"] == "FARGATE"
        assert set(_network(account, name)["subnets"]) == account.subnet_ids("private")
        assert _network(account, name)["assignPublicIp"] == "DISABLED"


def the_api_goes_to_the_gateway_and_all_else_to_the_frontend(account: Account) -> None:
    rules = _public_rules(account)
    assert {name: paths for name, (_, paths, _) in rules.items()} == {"api-gateway": {"/api/*"}, "frontend": {"/*"}}
    assert rules["api-gateway"][0] < rules["frontend"][0]


def the_balancer_checks_in_5_s_three_times_and_asks_in_turn(account: Account) -> None:
    groups = {g["TargetGroupArn"]: g for g in account.all("elbv2", "describe_target_groups", "TargetGroups")}
    paths = {"api-gateway": "/actuator/health", "frontend": "/"}
    for name, (_, _, taking) in _public_rules(account).items():
        group = groups[taking]
        assert (group["HealthCheckPath"], group["Port"], group["TargetType"]) == (paths[name], PORTS[name], "ip")
        assert (group["HealthCheckTimeoutSeconds"], group["UnhealthyThresholdCount"]) == (5, 3)
        told = account.client("elbv2").describe_target_group_attributes(TargetGroupArn=taking)["Attributes"]
        assert {a["Key"]: a["Value"] for a in told}["load_balancing.algorithm.type"] == "round_robin"


def services_inside_are_checked_in_their_containers(account: Account) -> None:
    for name in INSIDE:
        (container,) = _definition(account, name)["containerDefinitions"]
        check = container["healthCheck"]
        assert (check["timeout"], check["retries"]) == (5, 3)
        assert f"localhost:{PORTS[name]}/actuator/health" in check["command"][-1]


def services_inside_have_no_route(account: Account) -> None:
    for name in INSIDE:
        assert not account.ecs_services[name].get("loadBalancers")


def each_service_inside_is_found_by_name_at_the_addresses_of_its_tasks(account: Account) -> None:
    cloud_map = account.client("servicediscovery")
    (namespace,) = [n for n in account.all("servicediscovery", "list_namespaces", "Namespaces") if _ours(account, n)]
    assert namespace["Type"] == "DNS_PRIVATE"
    zone = namespace["Properties"]["DnsProperties"]["HostedZoneId"]
    assert [v["VPCId"] for v in account.client("route53").get_hosted_zone(Id=zone)["VPCs"]] == [account.vpc["VpcId"]]
    inside = [{"Name": "NAMESPACE_ID", "Values": [namespace["Id"]], "Condition": "EQ"}]
    names = {s["Name"]: s for s in account.all("servicediscovery", "list_services", "Services", Filters=inside)}
    assert set(names) == set(INSIDE)
    for name, service in names.items():
        assert [r["Type"] for r in service["DnsConfig"]["DnsRecords"]] == ["A"]
        (registry,) = account.ecs_services[name]["serviceRegistries"]
        assert registry["registryArn"] == service["Arn"]
        listed = account.all("servicediscovery", "list_instances", "Instances", ServiceId=service["Id"])
        assert {i["Attributes"]["AWS_INSTANCE_IPV4"] for i in listed} == set(_addresses(account, name))
        assert cloud_map.get_service(Id=service["Id"])["Service"]["DnsConfig"]["RoutingPolicy"] == "MULTIVALUE"


# -- scaling and the rest ----------------------------------------------------------------------------------------------


def all_scale_on_cpu_and_memory_and_the_public_ones_on_requests(account: Account) -> None:
    policies = account.all(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs"
    )
    for name, service in account.ecs_services.items():
        resource = f"service/{account.cluster['clusterName']}/{service['serviceName']}"
        found = {}
        for policy in (p for p in policies if p["ResourceId"] == resource):
            tracking = policy["TargetTrackingScalingPolicyConfiguration"]
            metric = tracking["PredefinedMetricSpecification"]
            found[metric["PredefinedMetricType"]] = tracking["TargetValue"]
            if name in PUBLIC and "ResourceLabel" in metric:
                taking = _public_rules(account)[name][2]
                assert metric["ResourceLabel"].endswith(taking.rpartition(":")[2])
        wanted = {"ECSServiceAverageCPUUtilization": 70.0, "ECSServiceAverageMemoryUtilization": 80.0}
        assert found == wanted | ({"ALBRequestCountPerTarget": 1000.0} if name in PUBLIC else {})


def each_has_a_repository_and_a_log_group(account: Account) -> None:
    repositories = {r["repositoryName"].rpartition("/")[2] for r in _tagged_repositories(account)}
    assert repositories == set(PORTS)
    groups = {g["logGroupName"] for g in account.all("logs", "describe_log_groups", "logGroups")}
    for name in PORTS:
        (container,) = _definition(account, name)["containerDefinitions"]
        assert container["logConfiguration"]["options"]["awslogs-group"] in groups


def cpu_and_memory_of_all_and_answers_of_the_public_ones_have_alarms(account: Account) -> None:
    alarms = account.all("cloudwatch", "describe_alarms", "MetricAlarms")
    watched: dict[str, set[str]] = {}
    for alarm in alarms:
        found = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        for about in (found.get("ServiceName"), found.get("TargetGroup")):
            watched.setdefault(about or "", set()).add(alarm["MetricName"])
    for name, service in account.ecs_services.items():
        assert {"CPUUtilization", "MemoryUtilization"} <= watched[service["serviceName"]]
        if name in PUBLIC:
            taking = _public_rules(account)[name][2].rpartition(":")[2]
            assert {"HTTPCode_Target_5XX_Count", "TargetResponseTime"} <= watched[taking]


def all_run_with_an_execution_and_a_task_role(account: Account) -> None:
    for name in PORTS:
        definition = _definition(account, name)
        for role in ("executionRoleArn", "taskRoleArn"):
            assert account.trusted(definition[role].rpartition("/")[2]) == {"ecs-tasks.amazonaws.com"}
        execution = account.allowed(definition["executionRoleArn"].rpartition("/")[2])
        assert {"ecr:BatchGetImage", "logs:PutLogEvents"} <= execution


def a_push_is_built_deployed_and_verified(account: Account) -> None:
    (pipeline,) = account.all("codepipeline", "list_pipelines", "pipelines")
    found = account.client("codepipeline").get_pipeline(name=pipeline["name"])["pipeline"]["stages"]
    assert [[a["actionTypeId"]["provider"] for a in stage["actions"]] for stage in found] == [
        ["CodeCommit"],
        ["CodeBuild"],
        ["ECS"] * len(PORTS),
        ["CodeBuild"],
    ]


# -- inside ------------------------------------------------------------------------------------------------------------


def _public_rules(account: Account) -> dict[str, tuple[int, set[str], str]]:
    """Rules that everybody's requests can match: priority, paths, and the target group that takes them, by service."""
    groups = {b["targetGroupArn"]: n for n, s in account.ecs_services.items() for b in s.get("loadBalancers", ())}
    (listener,) = account.listeners.values()
    found: dict[str, tuple[int, set[str], str]] = {}
    for rule in account.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
        if rule["Priority"] == "default" or any(c["Field"] == "http-header" for c in rule["Conditions"]):
            continue
        (action,) = rule["Actions"]
        (taking,) = [g["TargetGroupArn"] for g in action["ForwardConfig"]["TargetGroups"] if g.get("Weight", 1)]
        (condition,) = rule["Conditions"]
        assert groups[taking] not in found
        found[groups[taking]] = int(rule["Priority"]), set(condition["PathPatternConfig"]["Values"]), taking
    return found


def _definition(account: Account, name: str) -> Any:
    service = account.ecs_services[name]
    described = account.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return described["taskDefinition"]


def _network(account: Account, name: str) -> Any:
    return account.ecs_services[name]["networkConfiguration"]["awsvpcConfiguration"]


def _addresses(account: Account, name: str) -> list[str]:
    cluster, service = account.cluster["clusterArn"], account.ecs_services[name]["serviceName"]
    arns = account.all("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus="RUNNING")
    tasks = account.client("ecs").describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    details = (d for t in tasks for a in t["attachments"] for d in a["details"])
    return [d["value"] for d in details if d["name"] == "privateIPv4Address"]


def _let_in(account: Account, groups: list[str]) -> set[tuple[str, int, int, str]]:
    rules = account.all("ec2", "describe_security_group_rules", "SecurityGroupRules")
    return {
        (
            rule["IpProtocol"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"],
        )
        for rule in rules
        if rule["GroupId"] in groups and not rule["IsEgress"]
    }


def _ours(account: Account, namespace: Any) -> bool:
    carried = account.client("servicediscovery").list_tags_for_resource(ResourceARN=namespace["Arn"])
    return tags(carried).get(STACK_TAG) == account.stack


def _tagged_repositories(account: Account) -> list[Any]:
    ecr = account.client("ecr")
    listed = account.all("ecr", "describe_repositories", "repositories")
    carried = ((r, tags(ecr.list_tags_for_resource(resourceArn=r["repositoryArn"]))) for r in listed)
    return [r for r, found in carried if found.get(STACK_TAG) == account.stack]


CHECKS = {
    n: f for n, f in list(globals().items()) if callable(f) and f.__module__ == __name__ and not n.startswith("_")
}
