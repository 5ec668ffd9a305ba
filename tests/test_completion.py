"""The scripts for shells are made of the arguments, and a shell that has read them completes."""

from __future__ import annotations

import argparse
import shutil
import subprocess

import pytest
import shtab

from campaignops.cli import arguments, options
from campaignops.cli.overview import COMMANDS
from tests.command_line import ROOT, run

SCRIPTS = ROOT / "campaignops" / "cli" / "completions"


def whole() -> argparse.ArgumentParser:
    """All commands in one parser: the tool itself reads a command line in two steps."""
    parser = argparse.ArgumentParser("campaignops", add_help=False)
    commands = parser.add_subparsers()
    for command, line in COMMANDS.items():
        each = commands.add_parser(command, add_help=False, help=line, description=line)
        arguments.OF[command](each)
        options.add_common(each)
    return parser


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_is_made_of_the_arguments(shell, request):
    made = shtab.complete(whole(), shell)
    if request.config.getoption("--update"):
        (SCRIPTS / shell).write_text(made, "utf-8")
    assert run("completion", shell).out == made
    assert run("completion", shell, "--json").document["script"] == made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pl",), {"plan"}),
        (("plan", "--off"), {"--offline"}),
        (("apply", "--auto"), {"--auto-approve"}),
        (("state", "un"), {"unlock"}),
    ],
)
def test_bash_completes(words, expected):
    line = " ".join(f"'{word}'" for word in ("campaignops", *words))
    ask = (
        f"source {SCRIPTS / 'bash'}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
        "_shtab_campaignops; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    ran = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, timeout=20)
    assert expected <= set(ran.stdout.split())


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh_takes_it_as_the_tutorial_says():
    ask = (
        f'autoload -Uz compinit; compinit -D -u; eval "$(cat {SCRIPTS / "zsh"})"; print $_comps[campaignops]'
    )
    ran = subprocess.run(["zsh", "-fc", ask], capture_output=True, text=True, check=True, timeout=20)
    assert (ran.stdout.strip(), ran.stderr) == ("_shtab_campaignops", "")
