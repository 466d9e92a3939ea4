"""Amazon ECS as it acts: clusters, task definitions, tasks that live and die, services that keep them running."""
