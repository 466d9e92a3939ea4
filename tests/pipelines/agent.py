"""A build machine: a checkout as docs/ci.md lays it out, and a ``docker`` whose registry is the sandbox.

``docker build`` keeps how the image is to behave, ``docker push`` puts it into the sandbox's registry under that, and
``docker run`` runs the command with no more of the environment than the step passes on.
"""

from __future__ import annotations

import dataclasses as dc
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as Xml

from tests.system.commands import PATIENCE, ROOT, Terminal

EXAMPLES = ROOT / "examples"
SERVICES = ("posts", "threads")
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
COMMAND = f"{REGISTRY}/orchestrator:1.0.0"

_DOCKER = f"""#!{sys.executable}
import json, os, pathlib, shutil, sys, urllib.request
images = pathlib.Path(os.environ["DOCKER_IMAGES"])
verb, words = sys.argv[1], sys.argv[2:]
if verb == "build":
    source = pathlib.Path(words[-1])
    assert (source / "Dockerfile").is_file(), source
    if words[0] == "--target":
        sys.exit((source / "tests-fail").exists())
    shutil.copy(source / "behaves", images / words[1])
elif verb == "tag":
    shutil.copy(images / words[0], images / words[1].replace("/", "%"))
elif verb == "push":
    (image,) = words
    repository, _, tag = image.partition("/")[2].rpartition(":")
    behaves = (images / image.replace("/", "%")).read_text().strip()
    body = json.dumps({{"repository": repository, "tag": tag, "behaves": behaves}}).encode()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    direct.open(os.environ["AWS_ENDPOINT_URL"] + "/_sandbox/push", body).read()
    print("pushed", image)
elif verb == "run":
    at = words.index({COMMAND!r})
    given = [words[i + 1] for i in range(at) if words[i] == "--env"]
    assert not [name for name in given if "=" in name], "values on a command line"
    kept = {{name: os.environ[name] for name in (*given, "PATH", "HOME") if name in os.environ}}
    kept["PYTHONPATH"] = {str(ROOT)!r}
    kept["NO_PROXY"] = "127.0.0.1"
    os.execve(sys.executable, [sys.executable, "-m", "orchestrator", *words[at + 1:]], kept)
else:
    sys.exit(f"docker {{verb}}?")
"""


@dc.dataclass(frozen=True)
class Ran:
    """How a step ended, and all that it printed."""

    code: int
    said: str


@dc.dataclass
class Agent:
    """A workspace on a build machine."""

    typed: Terminal
    home: Path
    scripts: list[str] = dc.field(default_factory=list)
    """What was run, in order."""

    def __post_init__(self) -> None:
        self.workspace = self.home / "workspace"
        self.bin = self.home / "bin"
        for directory in (self.bin, self.home / "images"):
            directory.mkdir(parents=True)
        docker = self.bin / "docker"
        docker.write_text(_DOCKER, encoding="utf-8")
        docker.chmod(0o755)
        (self.workspace / "ci").mkdir(parents=True)
        shutil.copytree(EXAMPLES / "jenkins" / "steps", self.workspace / "ci" / "steps")
        shutil.copy(self.typed.home / "plan.yaml", self.workspace / "ci" / "plan.yaml")
        subprocess.run(["git", "init", "-q"], cwd=self.workspace, check=True)
        for service in SERVICES:
            self.write(service, "ok")

    def commit(self) -> str:
        """Commit what is written; the tag of what is built from it."""
        me = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
        for words in (("add", "-A", "services"), (*me, "commit", "-q", "--allow-empty", "-m", "change")):
            subprocess.run(["git", *words], cwd=self.workspace, check=True)
        found = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=self.workspace, check=True, text=True, capture_output=True
        )
        return found.stdout.strip()

    def write(self, service: str, behaves: str, *, tests_fail: bool = False) -> None:
        """Change a service's source, so that its image behaves like that."""
        source = self.workspace / "services" / service
        source.mkdir(parents=True, exist_ok=True)
        (source / "Dockerfile").write_text("FROM scratch AS test\nFROM scratch\n", encoding="utf-8")
        (source / "behaves").write_text(behaves, encoding="utf-8")
        (source / "tests-fail").unlink(missing_ok=True)
        if tests_fail:
            (source / "tests-fail").touch()

    @property
    def env(self) -> dict[str, str]:
        """What every process of the machine finds."""
        inherited = {k: v for k, v in self.typed.env.items() if k != "PYTHONPATH"}
        return {
            **inherited,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "DOCKER_IMAGES": str(self.home / "images"),
            "http_proxy": self.typed.sandbox.url,
            "LOCK_PAUSE": "0.2",
        }

    def run(self, script: str, env: Mapping[str, str], abort_at: str = "") -> Ran:
        """A script, as both systems run theirs; once its log says ``abort_at`` every process of it gets a SIGTERM."""
        self.scripts.append(script.strip())
        process = subprocess.Popen(
            ["bash", "-eo", "pipefail", "-c", script],
            env={**self.env, **env},
            cwd=self.workspace,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if abort_at:
            log, tick = self.workspace / "reports" / f"{env['TARGET']}.log", threading.Event()
            while process.poll() is None and not (log.is_file() and abort_at in log.read_text(encoding="utf-8")):
                tick.wait(0.01)
            assert process.poll() is None, process.communicate()[0]
            os.killpg(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE)
        return Ran(process.returncode, said)

    def report(self, name: str) -> str:
        """A file that a step has left."""
        return (self.workspace / "reports" / name).read_text(encoding="utf-8").strip()

    def cases(self, pattern: str) -> dict[str, str]:
        """Test cases of JUnit reports by name, each with what is wrong with it."""
        found = {}
        for path in sorted(self.workspace.glob(pattern)):
            for case in Xml.parse(path).getroot().iter("testcase"):
                wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
                found[case.attrib["name"]] = "" if wrong is None else wrong.attrib["message"]
        return found
