"""A CycloneDX list of what an installation brings along, made of the lock: `sbom.py requirements/run.txt VERSION`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path


def components(lock: str) -> list[dict[str, object]]:
    """Each package of the lock with its version, and the SHA-256 of every file that it may be installed from."""
    found = []
    for name, version, rest in re.findall(
        r"^([A-Za-z0-9._-]+)==(\S+)(.*?)(?=^[A-Za-z0-9]|\Z)", lock, re.M | re.S
    ):
        hashes = [{"alg": "SHA-256", "content": each} for each in re.findall(r"sha256:([0-9a-f]{64})", rest)]
        purl = f"pkg:pypi/{name.lower()}@{version}"
        said = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
        found.append({**said, "hashes": hashes})
    return found


if __name__ == "__main__":
    product = {"type": "application", "name": "campaignops", "version": sys.argv[2]}
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": product}}
    print(json.dumps(whole | {"components": components(Path(sys.argv[1]).read_text("utf-8"))}, indent=1))
