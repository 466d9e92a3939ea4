"""What CodeBuild is told to do: test, package, build an image of each service, push it, say what was pushed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.plan.model.plan import Build

REGISTRY = "REGISTRY"
"""The variable that holds the registry's host name."""
TAG = "$CODEBUILD_RESOLVED_SOURCE_VERSION"
LATEST = "latest"
ADDRESS = "ADDRESS"
"""The variable that holds where the load balancer answers."""
_PATIENCE = "--max-time 10 --retry 20 --retry-delay 15 --retry-all-errors"


def buildspec(wanted: Build, repositories: Mapping[str, str], *, moving: bool) -> str:
    """The buildspec. A service's image is built from the directory of its name.

    ``moving``: whether tags can be moved, so that ``latest`` can name the newest image too. Images are pushed in the
    phase that builds them: CodeBuild runs the phase after it even when that has failed.
    """
    login = f'aws ecr get-login-password | docker login --username AWS --password-stdin "${REGISTRY}"'
    images = [command for name, path in repositories.items() for command in _image(name, path, moving=moving)]
    lines = [
        "version: 0.2",
        "phases:",
        *_phase("pre_build", [login, *wanted.test]),
        *_phase("build", [*wanted.package, *images]),
        "artifacts:",
        "  files:",
        *(f"    - {definitions(name)}" for name in repositories),
    ]
    return "\n".join(lines) + "\n"


def verification(paths: Iterable[str]) -> str:
    """The buildspec that asks every path for a good answer, for as long as the load balancer may take to notice."""
    asked = f'curl --fail --silent --show-error --output /dev/null {_PATIENCE} "${ADDRESS}'
    lines = ["version: 0.2", "phases:", *_phase("build", [f'{asked}{path}"' for path in paths])]
    return "\n".join(lines) + "\n"


def definitions(service: str) -> str:
    """The file that tells CodePipeline which image a service is to run."""
    return f"{service}.json"


def _phase(name: str, commands: Iterable[str]) -> Iterator[str]:
    yield f"  {name}:"
    yield "    commands:"
    yield from (f"      - {json.dumps(command)}" for command in commands)


def _image(service: str, repository: str, *, moving: bool) -> Iterator[str]:
    image = f"${REGISTRY}/{repository}"
    yield f'docker build --tag "{image}:{TAG}" "{service}"'
    yield f'docker push "{image}:{TAG}"'
    if moving:
        yield f'docker tag "{image}:{TAG}" "{image}:{LATEST}" && docker push "{image}:{LATEST}"'
    told = json.dumps([{"name": service, "imageUri": "%s"}])
    yield f"printf '{told}' \"{image}:{TAG}\" > {definitions(service)}"
