"""What no schema says of the manifests and templates: the names in them are those of the project."""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = [
    ".github/workflows/release.yml",
    "packaging/ci/github-actions.yml",
    "packaging/ci/gitlab-ci.yml",
    "packaging/container/Dockerfile",
    "packaging/container/compose.yaml",
    "packaging/container/kubernetes.yaml",
]
known = (ROOT / "docs/reference/configuration.md").read_text()
kinds = []
problems = []
for name in FILES:
    text = (ROOT / name).read_text()
    if not name.endswith("Dockerfile"):
        kinds += [part.get("kind") for part in yaml.safe_load_all(text)]
    for variable in set(re.findall(r"FLEXITI_MOCK_[A-Z_]+", text)):
        if variable not in known:
            problems.append(f"{name}: {variable} is no variable of the mock")
    # Whoever copies a file sets a variable, and need not look for places to change.
    for placeholder in re.findall(r"\b(?:OWNER|CHANGEME|TODO|YOUR_\w+)\b", text):
        problems.append(f"{name}: {placeholder} is a placeholder")
    for path in set(re.findall(r"(?<![\w/])(?:packaging|examples|mock-server)/[\w./-]*\w", text)):
        if not (ROOT / path).exists():
            problems.append(f"{name}: there is no {path}")
if {"Deployment", "Service"} - set(kinds):
    problems.append("kubernetes.yaml has no Deployment or no Service")
print("\n".join(problems) or f"{len(FILES)} files name what there is")
sys.exit(bool(problems))
