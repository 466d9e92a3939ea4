"""CodeCommit: repositories can be listed, changed, tagged and pushed to; moto only creates, gets and deletes them."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.codecommit.models import codecommit_backends
from moto.core.utils import iso_8601_datetime_with_milliseconds

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair


def _repositories(call: Call) -> dict[str, Any]:
    repositories: dict[str, Any] = codecommit_backends[call.account][call.region].repositories
    return repositories


def _repository(call: Call, name: str) -> Any:
    found = _repositories(call).get(name)
    if found is None:
        raise AwsError("RepositoryDoesNotExistException", f"{name} does not exist")
    return found


@repair("codecommit", "CreateRepository")
def tags_and_key_kept(call: Call, proceed: Proceed) -> Reply:
    """Moto forgets the tags and the key a repository is created with."""
    proceed()
    repository = _repository(call, call.params["repositoryName"])
    repository.tags = dict(call.params.get("tags", {}))
    metadata = repository.repository_metadata
    if "kmsKeyId" in call.params:
        metadata["kmsKeyId"] = call.params["kmsKeyId"]
    return {"repositoryMetadata": metadata}


@operation("codecommit", "ListRepositories")
def listed(call: Call) -> Reply:
    """All repositories of the region, by name and id."""
    found = (repository.repository_metadata for repository in _repositories(call).values())
    names = ("repositoryName", "repositoryId")
    return {"repositories": [{name: metadata[name] for name in names} for metadata in found]}


@operation("codecommit", "BatchGetRepositories")
def batch(call: Call) -> Reply:
    """Known repositories in full, unknown ones by name."""
    known, names = _repositories(call), call.params["repositoryNames"]
    return {
        "repositories": [known[name].repository_metadata for name in names if name in known],
        "repositoriesNotFound": [name for name in names if name not in known],
        "errors": [],
    }


@operation("codecommit", "UpdateRepositoryDescription")
def description_changed(call: Call) -> Reply:
    """A description is replaced, or taken away by leaving it out."""
    metadata = _repository(call, call.params["repositoryName"]).repository_metadata
    metadata["repositoryDescription"] = call.params.get("repositoryDescription")
    metadata["lastModifiedDate"] = iso_8601_datetime_with_milliseconds()
    return {}


@operation("codecommit", "UpdateRepositoryEncryptionKey")
def key_changed(call: Call) -> Reply:
    """Another key encrypts what is pushed from now on."""
    metadata = _repository(call, call.params["repositoryName"]).repository_metadata
    before = metadata.get("kmsKeyId")
    metadata["kmsKeyId"] = call.params["kmsKeyId"]
    answer = {"repositoryId": metadata["repositoryId"], "kmsKeyId": metadata["kmsKeyId"], "originalKmsKeyId": before}
    return {name: value for name, value in answer.items() if value is not None}


@operation("codecommit", "UpdateRepositoryName")
def renamed(call: Call) -> Reply:
    """A new name moves the ARN and the clone addresses with it."""
    old, new = call.params["oldName"], call.params["newName"]
    repository = _repository(call, old)
    if new in _repositories(call):
        raise AwsError("RepositoryNameExistsException", f"Repository named {new} already exists")
    metadata = repository.repository_metadata
    metadata["repositoryName"] = new
    for name in ("Arn", "cloneUrlHttp", "cloneUrlSsh"):
        metadata[name] = metadata[name].removesuffix(old) + new
    _repositories(call)[new] = _repositories(call).pop(old)
    return {}


def _tags(call: Call) -> dict[str, str]:
    tags: dict[str, str] = vars(_repository(call, call.params["resourceArn"].rpartition(":")[2])).setdefault("tags", {})
    return tags


@operation("codecommit", "ListTagsForResource")
def tags_listed(call: Call) -> Reply:
    """The tags of a repository, which CodeCommit keeps as a map."""
    return {"tags": _tags(call)}


@operation("codecommit", "TagResource")
def tagged(call: Call) -> Reply:
    """Tags are merged into those that are there."""
    _tags(call).update(call.params["tags"])
    return {}


@operation("codecommit", "UntagResource")
def untagged(call: Call) -> Reply:
    """Keys that are not there do no harm."""
    for key in call.params["tagKeys"]:
        _tags(call).pop(key, None)
    return {}


def _branches(call: Call) -> dict[str, str]:
    branches: dict[str, str] = vars(_repository(call, call.params["repositoryName"])).setdefault("branches", {})
    return branches


@operation("codecommit", "CreateCommit")
def committed(call: Call) -> Reply:
    """The branch is at a new commit, and is made with its first one; what is in the files is not kept."""
    branches, branch = _branches(call), call.params["branchName"]
    said = repr((branches.get(branch), sorted(call.params.items(), key=str)))
    branches[branch] = hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
    return {"commitId": branches[branch], "treeId": branches[branch]}


@operation("codecommit", "ListBranches")
def branches_listed(call: Call) -> Reply:
    """None in a repository that nothing was pushed to."""
    return {"branches": sorted(_branches(call))}
