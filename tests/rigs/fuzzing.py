"""What a fuzzer plays, in a process of its own: bytes that it makes, led by the code they reach, as one kind of file.

    python -m tests.rigs.fuzzing a.yaml FOLDER -runs=1000     (FOLDER keeps what is worth changing further)

Whatever the bytes: an answer or a refusal in our own words, no other exception, no crash of the interpreter, and both
time and memory stay within bounds. atheris, which brings libFuzzer, is installed by `make soak` alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time

import atheris

with atheris.instrument_imports(include=["campaignops"]):
    from campaignops import manifest
    from campaignops.errors import CampaignOpsError
    from campaignops.pbx import answer
    from campaignops.report import saved_plan
    from campaignops.store.file import FileStore

MOST_S = 3.0  # of CPU for one input; the instruments alone make it about three times as slow
MOST_MB = 200  # more than before it; the process as a whole grows by what the fuzzer keeps
SETTINGS = b"pbx: {url: sandbox}\nvars: {brand: Kettle}\n"
LISTED = b"""\
campaigns:
  a: {type: sms, channel: Main SMS, recipients: {file: a.csv}, message: {text: Hi}, send: draft, session: direct}
"""
FILES: dict[str, dict[str, bytes]] = {  # target: the files beside the one that is made
    "a.yaml": {"campaignops.yaml": SETTINGS},
    "a.yaml.j2": {"campaignops.yaml": SETTINGS},
    "a.csv": {"campaignops.yaml": SETTINGS, "a.yaml": LISTED},
    "campaignops.yaml": {"a.yaml": LISTED},
}


def project(root: Path, name: str) -> Callable[[bytes], None]:
    for beside, text in FILES[name].items():
        (root / beside).write_bytes(text)

    def play(made: bytes) -> None:
        (root / name).write_bytes(made)
        with suppress(CampaignOpsError):
            desired = manifest.read(manifest.load_project(root))
            list(desired)
            assert all(each.place and each.place.line >= 1 for each in desired.findings)

    return play


def state(root: Path) -> Callable[[bytes], None]:
    def play(made: bytes) -> None:
        (root / "campaignops.state.json").write_bytes(made)
        with suppress(CampaignOpsError):
            recorded, _ = FileStore(root / "campaignops.state.json").read()
            assert recorded.lineage, "what is no state was taken for one"

    return play


def saved(_: Path) -> Callable[[bytes], None]:
    def play(made: bytes) -> None:
        with suppress(ValueError):
            saved_plan.read(made.decode())

    return play


def reply(_: Path) -> Callable[[bytes], None]:
    def play(made: bytes) -> None:
        meant = answer.classify(answer.Exchange(sent=True, status=200, body=made))
        with suppress(CampaignOpsError):
            answer.listed(answer.said(meant, "list"), "list")
        with suppress(CampaignOpsError):
            answer.detail(answer.said(meant, "get"), "get")

    return play


TARGETS: dict[str, Callable[[Path], Callable[[bytes], None]]] = {
    **{name: partial(project, name=name) for name in FILES},
    "campaignops.state.json": state,
    "plan.json": saved,
    "answer": reply,
}


def peak_mb() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def measured(play: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def one(made: bytes) -> None:
        began_s, began_mb = process_time(), peak_mb()
        play(made)
        assert process_time() - began_s < MOST_S, "it took too long"
        assert peak_mb() - began_mb < MOST_MB, "it took too much memory"

    return one


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        limits = ["-rss_limit_mb=0", "-max_len=8000", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *limits, *sys.argv[2:]], measured(TARGETS[sys.argv[1]](Path(folder))))
        atheris.Fuzz()
