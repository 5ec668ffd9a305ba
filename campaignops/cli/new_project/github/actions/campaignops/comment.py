"""Keep one comment on a pull request (GitHub) or merge request (GitLab): edit ours, or write it. Standard library only.

`comment.py FILE`: the first line of FILE is an HTML comment that marks it. In: GITHUB_API_URL, GITHUB_REPOSITORY,
GITHUB_SHA, GITHUB_TOKEN and PULL_REQUEST (empty: that of the commit); or CI_API_V4_URL, CI_PROJECT_ID, CI_COMMIT_SHA,
CI_MERGE_REQUEST_IID (none: that of the commit) and GITLAB_TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

Json = Any
_PAGE = 100


class GitHub:
    """Comments of one pull request; only what a bot has written is ours to edit."""

    edit_verb = "PATCH"

    def __init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}"}
        self.repository = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
        self.number = os.environ.get("PULL_REQUEST") or self._merged()

    def _merged(self) -> str:
        """The pull request that the commit came from; none after a push by hand."""
        found = call(self, "GET", f"{self.repository}/commits/{os.environ['GITHUB_SHA']}/pulls")
        return str(found[0]["number"]) if found else ""

    @property
    def comments(self) -> str:
        return f"{self.repository}/issues/{self.number}/comments"

    def comment(self, said: Json) -> str:
        return f"{self.repository}/issues/comments/{said['id']}"

    def is_ours(self, said: Json) -> bool:
        return bool(said["user"]["type"] == "Bot")


class GitLab:
    """Notes of one merge request, written with a token of its own."""

    edit_verb = "PUT"

    def __init__(self) -> None:
        self.headers = {"PRIVATE-TOKEN": os.environ["GITLAB_TOKEN"]}
        self.project = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}"
        self.number = os.environ.get("CI_MERGE_REQUEST_IID") or self._merged()
        self.comments = f"{self.project}/merge_requests/{self.number}/notes"
        self.me = call(self, "GET", f"{os.environ['CI_API_V4_URL']}/user")["id"]

    def _merged(self) -> str:
        """The merge request that the commit came from; none after a push by hand."""
        commit = f"{self.project}/repository/commits/{os.environ['CI_COMMIT_SHA']}"
        found = call(self, "GET", f"{commit}/merge_requests")
        return str(found[0]["iid"]) if found else ""

    def comment(self, said: Json) -> str:
        return f"{self.comments}/{said['id']}"

    def is_ours(self, said: Json) -> bool:
        return bool(said["author"]["id"] == self.me)


def call(forge: GitHub | GitLab, verb: str, url: str, body: Json = None) -> Json:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "campaignops", **forge.headers}
    request = Request(url, data, headers, method=verb)  # noqa: S310 - the forge says where it is
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def ours(forge: GitHub | GitLab, mark: str) -> Json | None:
    """The comment that begins with `mark`, if there is one."""
    page = 1
    while True:
        listed = call(forge, "GET", f"{forge.comments}?per_page={_PAGE}&page={page}")
        for said in listed:
            if forge.is_ours(said) and said["body"].startswith(mark):
                return said
        if len(listed) < _PAGE:
            return None
        page += 1


def main(file: str) -> int:
    text = Path(file).read_text("utf-8")
    try:
        forge = GitHub() if "GITHUB_API_URL" in os.environ else GitLab()
        if not forge.number:
            return 0
        said = ours(forge, text.splitlines()[0])
        verb, url = (forge.edit_verb, forge.comment(said)) if said else ("POST", forge.comments)
        call(forge, verb, url, {"body": text})
    except (OSError, HTTPException, ValueError) as error:  # no answer, half of one, or none that is JSON
        label = "::warning::" if "GITHUB_API_URL" in os.environ else "warning: "
        print(f"{label}the comment could not be written: {getattr(error, 'code', type(error).__name__)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
