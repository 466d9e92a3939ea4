"""Taking the chat away: names and namespace go after the tasks that were registered under them."""

from __future__ import annotations

from tests.scenarios.chat.chat import account, system
from tests.scenarios.forum.oracle.inventory import inventory


def test_destroy_leaves_nothing() -> None:
    with system() as stage:
        assert not stage.apply().outcome
        ending, kept = stage.destroy(data=True)
        assert not ending.outcome, ending.report.failed
        assert kept == set()
        stage.aws.sleep(600)  # network interfaces linger
        seen = account(stage)
        assert inventory(seen) == {}
        assert seen.all("servicediscovery", "list_services", "Services") == []
        assert seen.all("servicediscovery", "list_namespaces", "Namespaces") == []
        assert seen.all("route53", "list_hosted_zones", "HostedZones") == []
