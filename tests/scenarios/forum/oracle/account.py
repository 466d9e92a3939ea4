"""One account and region as plain boto3 shows them: every list read to its last page, no order trusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

PLAN = "forum"
STACK_TAG = "orchestrator:stack"
ADDRESS_TAG = "orchestrator:address"
SERVICES = ("posts", "threads", "users")
ZONES = {"us-east-1a": "a", "us-east-1b": "b"}


class Account:
    """``connect`` gives the boto3 client of a service; what is read twice is read once."""

    def __init__(self, connect: Callable[[str], Any], stack: str = PLAN) -> None:
        self.client = connect
        self.stack = stack

    def all(self, service: str, operation: str, key: str, **params: Any) -> list[Any]:
        """Every item of a list, over all its pages."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return list(getattr(client, operation)(**params)[key])
        return [item for page in client.get_paginator(operation).paginate(**params) for item in page.get(key) or ()]

    def in_vpc(self, operation: str, key: str) -> list[Any]:
        """Everything of a kind in the stack's VPC."""
        found = self.all("ec2", operation, key, Filters=[{"Name": "vpc-id", "Values": [self.vpc["VpcId"]]}])
        return [item for item in found if item["VpcId"] == self.vpc["VpcId"]]

    # -- what several checks begin with --------------------------------------------------------------------------------

    @cached_property
    def vpc(self) -> Mapping[str, Any]:
        """The one VPC that carries the stack's tag."""
        mine = [v for v in self.all("ec2", "describe_vpcs", "Vpcs") if tags(v).get(STACK_TAG) == self.stack]
        (vpc,) = mine
        return dict(vpc)

    @cached_property
    def subnets(self) -> dict[tuple[str, str], Any]:
        """The stack's subnets by role and zone letter; the role is told by where their packets go."""
        found = {}
        for subnet in self.in_vpc("describe_subnets", "Subnets"):
            way_out = self.default_routes[subnet["SubnetId"]]
            role = "public" if way_out.get("GatewayId", "").startswith("igw-") else "private"
            found[role, ZONES[subnet["AvailabilityZone"]]] = subnet
        return found

    def subnet_ids(self, role: str) -> set[str]:
        """The ids of both subnets of a role."""
        return {s["SubnetId"] for (of, _), s in self.subnets.items() if of == role}

    @cached_property
    def tables(self) -> dict[str, Any]:
        """Route tables by the subnet that is associated with them by name, not by default."""
        found: dict[str, Any] = {}
        for table in self.in_vpc("describe_route_tables", "RouteTables"):
            for association in table["Associations"]:
                if "SubnetId" in association:
                    assert association["SubnetId"] not in found, "a subnet has one route table"
                    found[association["SubnetId"]] = table
        return found

    @cached_property
    def default_routes(self) -> dict[str, Any]:
        """By subnet: where packets go that are for nowhere in particular."""
        return {
            subnet: next(r for r in table["Routes"] if r.get("DestinationCidrBlock") == "0.0.0.0/0")
            for subnet, table in self.tables.items()
        }

    @cached_property
    def balancer(self) -> Any:
        """The one load balancer of the VPC."""
        listed = self.all("elbv2", "describe_load_balancers", "LoadBalancers")
        (balancer,) = [b for b in listed if b["VpcId"] == self.vpc["VpcId"]]
        return balancer

    @cached_property
    def listeners(self) -> dict[int, Any]:
        """The load balancer's listeners by port."""
        arn = self.balancer["LoadBalancerArn"]
        listed = self.all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
        assert len({listener["Port"] for listener in listed}) == len(listed), "one listener a port"
        return {listener["Port"]: listener for listener in listed}

    @cached_property
    def cluster(self) -> Any:
        """The one active cluster that carries the stack's tag, with its settings."""
        arns = self.all("ecs", "list_clusters", "clusterArns")
        found = self.client("ecs").describe_clusters(clusters=arns, include=["SETTINGS", "TAGS"])["clusters"]
        (cluster,) = [c for c in found if c["status"] == "ACTIVE" and tags(c).get(STACK_TAG) == self.stack]
        return cluster

    @cached_property
    def ecs_services(self) -> dict[str, Any]:
        """Every ECS service of the cluster that wants tasks, by the name of the service in the plan."""
        arns = self.all("ecs", "list_services", "serviceArns", cluster=self.cluster["clusterArn"])
        found: dict[str, Any] = {}
        for start in range(0, len(arns), 10):
            batch = arns[start : start + 10]
            for service in self.client("ecs").describe_services(cluster=self.cluster["clusterArn"], services=batch)[
                "services"
            ]:
                if service["status"] == "ACTIVE" and service["desiredCount"]:
                    name = service["serviceName"].rpartition("-")[0]
                    assert name not in found, f"two ECS services of {name} have tasks"
                    found[name] = service
        return found

    def allowed(self, role: str) -> set[str]:
        """Every action that a role's own and managed policies allow on something."""
        iam = self.client("iam")
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in self.all("iam", "list_role_policies", "PolicyNames", RoleName=role)
        ]
        for policy in self.all("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role):
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
            documents.append(found["PolicyVersion"]["Document"])
        return {
            action
            for document in documents
            for statement in as_list(document["Statement"])
            if statement["Effect"] == "Allow"
            for action in as_list(statement["Action"])
        }

    def trusted(self, role: str) -> set[str]:
        """The AWS services that may assume a role."""
        document = self.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        principals = [s["Principal"]["Service"] for s in as_list(document["Statement"]) if s["Effect"] == "Allow"]
        return {service for each in principals for service in as_list(each)}


def tags(item: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an item, however its service spells them."""
    listed = item.get("Tags") or item.get("tags") or ()
    return {t.get("Key", t.get("key")): t.get("Value", t.get("value")) for t in listed}


def as_list(value: Any) -> list[Any]:
    """A list of what AWS shortens to its only member."""
    return list(value) if isinstance(value, list) else [value]
