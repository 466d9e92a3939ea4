"""A stack on the sandbox with everything but its ECS services, and the words in which rollout stories are told."""

from __future__ import annotations

import dataclasses as dc
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.events import Event
from orchestrator.core.store import Store
from orchestrator.kinds.ecs.base import Capacity
from orchestrator.kinds.ecs.containers import Container
from orchestrator.kinds.ecs.services import Balanced, Service
from orchestrator.kinds.ecs.task_definitions import TaskDefinition
from orchestrator.rollout.assess import assess
from orchestrator.rollout.decide import Decision
from orchestrator.rollout.driver import Job, Result, drive
from orchestrator.rollout.release import ColourSpec, ServiceSpec
from orchestrator.rollout.strategies import Strategy, all_at_once, rolling
from orchestrator.stores.memory import MemoryStore
from tests.sandbox.system import PORT, System, build
from tests.world import REGION, Aws

STACK = "forum"
NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"


@dc.dataclass
class Scene:
    """A cluster ``main``, a balancer, and as many services as are asked for."""

    aws: Aws
    system: System
    listener: str
    door: Door
    store: Store = dc.field(default_factory=MemoryStore)
    specs: dict[str, ServiceSpec] = dc.field(default_factory=dict)
    events: list[Event] = dc.field(default_factory=list)
    moves: list[tuple[str, str]] = dc.field(default_factory=list)

    # -- the stage --------------------------------------------------------------------------------------------

    def service(self, name: str = "posts", *, strategy: Strategy | None = None, **more: Any) -> ServiceSpec:
        """A service behind the balancer, with both target groups in its rule."""
        groups = {c: self.system.target_group(f"{name}-{c}") for c in ("blue", "green")}
        priority = 10 * (len(self.specs) + 1)
        weighed = [{"TargetGroupArn": groups["blue"], "Weight": 100}, {"TargetGroupArn": groups["green"], "Weight": 0}]
        rule = self.aws.client("elbv2").create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/api/{name}*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}],
        )["Rules"][0]["RuleArn"]
        colours = {c: ColourSpec(service=self._colour(name, c, arn), target_group=arn) for c, arn in groups.items()}
        return self._spec(name, colours, rule=rule, strategy=strategy or all_at_once(bake=30, hold=60), **more)

    def worker(self, name: str = "mailer", *, strategy: Strategy | None = None, **more: Any) -> ServiceSpec:
        """A service without a load balancer."""
        colours = {"blue": ColourSpec(service=self._colour(name, "blue", None))}
        return self._spec(name, colours, strategy=strategy or rolling(bake=30), **more)

    def _spec(self, name: str, colours: Mapping[str, ColourSpec], **more: Any) -> ServiceSpec:
        uri = self.system.repository(f"{STACK}/{name}")
        settings = {"image": "v1", "minimum": 2, "desired": 2, **more}
        spec = ServiceSpec(
            stack=STACK,
            name=name,
            cluster="main",
            task_definition=TaskDefinition(
                name=name,
                aws_name=f"{STACK}-{name}",
                containers={name: Container(image=uri, ports=frozenset({PORT}), environment={"LOG_LEVEL": "info"})},
                cpu=256,
                memory=512,
                execution_role=self.system.role,
            ),
            container=name,
            repository=f"{STACK}/{name}",
            repository_uri=uri,
            colours=colours,
            **settings,
        )
        self.specs[name] = spec
        return spec

    def _colour(self, name: str, colour: str, group: str | None) -> Service:
        return Service(
            name=f"{name}-{colour}",
            aws_name=f"{name}-{colour}",
            cluster="main",
            task_definition="",
            desired_count=0,
            subnets=frozenset(self.system.subnets),
            security_groups=frozenset({self.system.task_group}),
            public_ip=True,
            capacity=frozenset({Capacity("FARGATE")}),
            load_balancers=frozenset({Balanced(group, name, PORT)} if group else set()),
            grace=60 if group else 0,
        )

    def push(self, tag: str, behaves: str = "ok", name: str = "posts") -> None:
        """Put an image into a service's repository."""
        self.aws.push(f"{STACK}/{name}", tag, behaves)

    def change(self, name: str = "posts", **changes: Any) -> ServiceSpec:
        """Edit the plan of a service."""
        self.specs[name] = dc.replace(self.specs[name], **changes)
        return self.specs[name]

    def environment(self, name: str = "posts", **variables: str) -> None:
        """Edit a service's environment in the plan."""
        definition = self.specs[name].task_definition
        container = dc.replace(definition.containers[name], environment=variables)
        self.change(name, task_definition=dc.replace(definition, containers={name: container}))

    # -- what is done ------------------------------------------------------------------------------------------

    def assess(self, images: Mapping[str, str] | None = None) -> dict[str, Decision]:
        """What every service needs."""
        return assess(self.door, self.specs.values(), images=images)

    def deploy(self, images: Mapping[str, str] | None = None, **how: Any) -> dict[str, Result]:
        """Assess and roll out everything; other images than the plan's by service."""
        decisions = self.assess(images)
        jobs = [Job(spec=self.specs[name], decision=d, by="a test") for name, d in decisions.items()]
        return self.drive(jobs, **how)

    def drive(self, jobs: list[Job], **how: Any) -> dict[str, Result]:
        """Roll out."""
        settings = {"store": self.store, "move": self.move, "sink": self.events.append, **how}
        return {result.service: result for result in drive(self.door, jobs, **settings)}

    def release(self, tag: str = "v2", behaves: str = "ok", name: str = "posts", **how: Any) -> Result:
        """Push an image and roll it out."""
        self.push(tag, behaves, name)
        return self.deploy({name: tag}, **how)[name]

    def move(self, spec: ServiceSpec, colour: str) -> None:
        """What the reconciler does: the scalable target follows the colour."""
        self.moves.append((spec.name, colour))
        scaling = self.aws.client("application-autoscaling")
        for each in spec.colours:
            place = {
                "ServiceNamespace": NAMESPACE,
                "ResourceId": f"service/main/{spec.services[each]}",
                "ScalableDimension": DIMENSION,
            }
            if each == colour:
                scaling.register_scalable_target(**place, MinCapacity=spec.minimum, MaxCapacity=10)
            elif self.scaling(spec.name).get(each):
                scaling.deregister_scalable_target(**place)

    # -- what is seen ------------------------------------------------------------------------------------------

    def weights(self, name: str = "posts") -> dict[str, int]:
        """The weights of the rule by colour."""
        spec = self.specs[name]
        rule = self.aws.client("elbv2").describe_rules(RuleArns=[spec.rule])["Rules"][0]
        groups = {g["TargetGroupArn"]: g["Weight"] for g in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        return {colour: groups[planned.target_group or ""] for colour, planned in spec.colours.items()}

    def counts(self, name: str = "posts") -> dict[str, tuple[int, int]]:
        """Desired and running tasks by colour; colours without an ECS service are left out."""
        described = self.described(name)
        return {colour: (s["desiredCount"], s["runningCount"]) for colour, s in described.items()}

    def described(self, name: str = "posts") -> dict[str, Any]:
        """The ECS services of a service by colour."""
        services = self.specs[name].services
        found = self.aws.client("ecs").describe_services(
            cluster="main", services=list(services.values()), include=["TAGS"]
        )["services"]
        by_name = {s["serviceName"]: s for s in found}
        return {colour: by_name[n] for colour, n in services.items() if n in by_name}

    def tags(self, colour: str, name: str = "posts") -> dict[str, str]:
        """The tags of a colour's ECS service."""
        return {t["key"]: t["value"] for t in self.described(name)[colour]["tags"]}

    def scaling(self, name: str = "posts") -> dict[str, Any]:
        """Scalable targets by colour."""
        services = self.specs[name].services
        ids = {f"service/main/{n}": colour for colour, n in services.items()}
        found = self.aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace=NAMESPACE)
        return {ids[t["ResourceId"]]: t for t in found["ScalableTargets"] if t["ResourceId"] in ids}

    def suspended(self, name: str = "posts") -> dict[str, list[str]]:
        """What is suspended, by colour; empty when all is free."""
        found = {
            colour: sorted(k for k, v in target.get("SuspendedState", {}).items() if v)
            for colour, target in self.scaling(name).items()
        }
        return {colour: held for colour, held in found.items() if held}

    def weigh(self, blue: int, green: int, name: str = "posts") -> None:
        """Somebody at the console changes the weights."""
        spec = self.specs[name]
        groups = [
            {"TargetGroupArn": spec.colours[c].target_group, "Weight": w} for c, w in (("blue", blue), ("green", green))
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self.aws.client("elbv2").modify_rule(RuleArn=spec.rule, Actions=[action])

    def standing(self, name: str = "posts") -> dict[str, Any]:
        """All that a rollout which did not succeed has to leave as it found it; and every task of the cluster."""
        ecs, described = self.aws.client("ecs"), self.described(name)
        serving = {colour: s["taskDefinition"] for colour, s in described.items() if s["desiredCount"]}
        running = ecs.list_tasks(cluster="main", desiredStatus="RUNNING")["taskArns"]
        tasks = ecs.describe_tasks(cluster="main", tasks=running)["tasks"] if running else []
        kept = ("MinCapacity", "MaxCapacity", "SuspendedState")
        return {
            "weights": self.weights(name) if self.specs[name].rule else {},
            "counts": {colour: count for colour, count in self.counts(name).items() if any(count)},
            "serving": serving,
            "scaling": {c: {k: target[k] for k in kept} for c, target in self.scaling(name).items()},
            "tasks": Counter((t["group"], t["taskDefinitionArn"]) for t in tasks),
        }

    def tested(self, name: str = "posts") -> None:
        """Requests with a header reach the idle side of a service, from outside too."""
        spec, elb = self.specs[name], self.aws.client("elbv2")
        header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test", "Values": ["yes"]}}
        rule = elb.create_rule(
            ListenerArn=self.listener,
            Priority=len(self.specs),
            Conditions=[header, {"Field": "path-pattern", "Values": [f"/api/{name}*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": spec.colours["green"].target_group}],
        )["Rules"][0]["RuleArn"]
        host = elb.describe_load_balancers(Names=["front"])["LoadBalancers"][0]["DNSName"]
        self.change(name, test_rule=rule, test_headers={"X-Test": "yes"}, url=f"http://{host}")

    def told(self) -> str:
        """Everything that was said so far, a line an event."""
        return "\n".join(f"{e.subject} {e.state}: {e.message}" for e in self.events)

    def when(self, stage: str, act: Callable[[], None]) -> Callable[[Event], None]:
        """A sink that acts once, when a stage is first seen."""
        done: list[bool] = []

        def sink(event: Event) -> None:
            self.events.append(event)
            if not done and event.details.get("stage") == stage:
                done.append(True)
                act()

        return sink


def scene(aws: Aws, door: Door | None = None) -> Scene:
    """An empty stack: network, cluster with Fargate, active balancer with a listener that answers 404."""
    system = build(aws)
    aws.client("ecs").put_cluster_capacity_providers(
        cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    balancer = system.balancer()
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listener = aws.client("elbv2").create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[answer]
    )["Listeners"][0]["ListenerArn"]
    aws.sleep(130)
    return Scene(aws, system, listener, door or Door(Access(region=REGION), aws.clock))
