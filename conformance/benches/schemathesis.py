#!/usr/bin/env python3
"""Compares flexiti-conformance with Schemathesis on the same faulty servers.

Each judge gets the same time for each server. Schemathesis reads the OpenAPI document that the mock
exports, with the client id filled in, and a live token; what it reports on the untouched server is
no finding. Prints a table. Needs cargo, and pip for the first run (`target/schemathesis`).
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile
import time
import venv
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target/schemathesis"
PINNED = "schemathesis==4.32.5"
CLIENT, SECRET = "flexitidemo", "flexitidemo-secret"


def build():
    """Builds the programs, and gives their folder."""
    made = ["--example", "saboteur", "--bin", "flexiti-conformance"]
    cargo = ["cargo", "build", "--release", "--locked", "-p", "flexiti-conformance"]
    subprocess.run(cargo + made, cwd=ROOT, check=True)
    if not (TOOLS / "bin/schemathesis").exists():
        venv.create(TOOLS, with_pip=True)
        subprocess.run([TOOLS / "bin/pip", "install", "--quiet", PINNED], check=True)
    return ROOT / "target/release"


class Server:
    """A mock with one fault."""

    def __init__(self, programs, fault):
        self.process = subprocess.Popen(
            [programs / "examples/saboteur", fault],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.base_url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def requests(self):
        """How many requests it has answered."""
        root = self.base_url.split("/flexiti")[0]
        metrics = urlopen(f"{root}/__admin/metrics").read().decode()
        counts = re.findall(r"^flexiti_mock_requests_total\{.*\} (\d+)", metrics, re.MULTILINE)
        return sum(map(int, counts))

    def token(self):
        """A live token, or none where the fault stands in the way."""
        grant = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        headers = {"x-reference-id": "0123456789abcdef0123456789abcdef"}
        request = Request(f"{self.base_url}/oauth/token", urlencode(grant).encode(), headers)
        try:
            return json.load(urlopen(request))["access_token"]
        except (OSError, ValueError, KeyError):
            return "none"


def openapi(base_url):
    """The exported document, for the demo merchant alone."""
    root = base_url.split("/flexiti")[0]
    document = json.load(urlopen(f"{root}/__admin/openapi.json"))
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in isinstance(operation, dict) and operation.get("parameters", []) or []:
                if parameter.get("name") == "clientId":
                    parameter["schema"] = {"type": "string", "enum": [CLIENT]}
    return document


def schemathesis(server, document, baseline, seconds, seed, update=False):
    """Whether it reports anything that is not in the baseline."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        command = [TOOLS / "bin/schemathesis", "run", document, "--url", server.base_url]
        command += ["--include-path-regex", "^/(oauth|online)", "--max-time", str(seconds)]
        command += ["-H", f"Authorization: Bearer {server.token()}", "--seed", str(seed)]
        command += ["--baseline", baseline, "--no-shrink", "--continue-on-failure"]
        command += ["--report", "json", "--report-json-path", report]
        command += ["--baseline-update"] if update else []
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        return json.loads(report.read_text())["baseline"]["new"] > 0


def ours(programs, server, seed):
    """Whether it reports anything; it is done when its cases are."""
    command = [programs / "flexiti-conformance", "server", "--base-url", server.base_url]
    command += ["--seed", str(seed), "--fail-on", "open", "--jobs", "2"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 1


class Score:
    """What a judge has sent, taken and found."""

    def __init__(self):
        self.requests, self.seconds, self.found = 0, 0.0, []

    def judge(self, programs, fault, work):
        with Server(programs, fault) as server:
            began = time.monotonic()
            found = work(server)
            self.seconds += time.monotonic() - began
            self.requests += server.requests()
            self.found += [fault] if found else []
            return found

    def row(self, name, servers):
        rate = self.requests / self.seconds
        each = self.seconds / servers
        return f"{name:22}{rate:10.0f}{each:14.1f}{len(self.found):8} of {servers}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--every", type=int, default=8, help="take each N-th fault")
    options.add_argument("--seconds", type=int, default=10, help="time for each server")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--programs", type=pathlib.Path, help="folder of built programs")
    options = options.parse_args()
    programs = options.programs or build()
    listed = subprocess.run([programs / "examples/saboteur"], capture_output=True, text=True)
    faults = listed.stdout.splitlines()[:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        document, baseline = pathlib.Path(folder, "openapi.json"), pathlib.Path(folder, "baseline")
        theirs, own = Score(), Score()
        with Server(programs, "untouched") as server:
            document.write_text(json.dumps(openapi(server.base_url)))
            for seed in range(options.seed, options.seed + 3):
                schemathesis(server, document, baseline, options.seconds, seed, update=True)
            assert not ours(programs, server, options.seed), "the untouched mock was accused"
        for fault in faults:
            by_them = theirs.judge(
                programs,
                fault,
                lambda server: schemathesis(
                    server, document, baseline, options.seconds, options.seed
                ),
            )
            by_us = own.judge(programs, fault, lambda server: ours(programs, server, options.seed))
            print(f"{fault:52} {'found' if by_them else '-':6} {'found' if by_us else '-'}", flush=True)
    print(f"\n{'':22}{'requests/s':>10}{'s per server':>14}{'found':>8}")
    print(theirs.row(PINNED.replace("==", " "), len(faults)))
    print(own.row("flexiti-conformance", len(faults)))


if __name__ == "__main__":
    main()
