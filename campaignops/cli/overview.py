"""The commands, one line each, and the text of `campaignops --help`. It imports nothing: help must not be slow."""

COMMANDS = {
    "init": "start a new project, with one commented example and a CI workflow",
    "validate": "check all that can be checked without a PBX (--online: names and templates too)",
    "render": "show the final request bodies, exactly as they would be sent",
    "plan": "show what would change (-o FILE: save it for apply FILE)",
    "preview": "write the plan as a page with each message as it looks on a phone",
    "apply": 'do it, after a typed "yes" (PLAN: only what plan -o PLAN saved)',
    "test-send": "send a campaign to one staff number, to see it there",
    "status": "show the live status of what was applied (--watch: until it is done)",
    "report": "compare what was planned with what came of it: people and times",
    "halt": "emergency stop: turn back what has not begun to send (--lift: let it go again)",
    "retry": "send again what failed, after showing how much",
    "import": "take over a campaign that exists on the PBX (--all: every one)",
    "export": "write what the PBX has as manifests, and record nothing",
    "resolve": "settle a create whose outcome is unknown (--adopt ID | --absent)",
    "recover": "after a lost state: record again what the PBX has (--write)",
    "state": "show and mend what is recorded: state list|show|rm|mv|pull|push|unlock",
    "explain": "show what the code of a finding means, such as CMP105",
    "fmt": "put manifests into one canonical form (--check: only say which are not)",
    "test-policy": "try the project's own rules on the examples that stand beside them",
    "schema": "print a JSON Schema: of manifests for editors, of plans for programs, …",
    "completion": "print what makes a shell complete commands and options (bash, zsh)",
    "sandbox": "run the pretend PBX on a port",
    "demo": "validate, plan, apply and plan again on a sample, in a temporary folder",
}

_LINES = "".join(f"  {name:<12} {line}\n" for name, line in COMMANDS.items())
TEXT = f"""\
Campaigns as code for the Yeastar P-Series PBX.

usage: campaignops [OPTIONS] COMMAND [OPTIONS]

{_LINES}
options of every command, before or after it:
  -C DIR                 the project folder (default: this folder, else ./campaigns)
  --env NAME             lay an environment of the settings over the rest (or CAMPAIGNOPS_ENV)
  --var NAME=VALUE       set a var; --var-file FILE sets those of a YAML file
  --target KEY           only campaigns with this key; --exclude KEY leaves some out (both take globs)
  --json                 one JSON document on stdout, also on failure
  --log-format json      what is said on stderr as lines of JSON
  --no-color             no colours (or NO_COLOR)
  -q, -v                 say less, say more (-v again for even more)
  --lock-timeout TIME    wait for the state's lock, for example 60s (default: 0s)
  -h, --help             this text, or that of a command
  -V, --version          the version
each option has a variable, too: --lock-timeout is CAMPAIGNOPS_LOCK_TIMEOUT, -q is CAMPAIGNOPS_QUIET; flags are 1 or 0

exit codes:
  0 done, or no changes     1 error                  2 changes (plan --detailed-exitcode)
  4 some applied, some not  10 refused               11 a create's outcome is unknown
  12 the state is locked    64 wrong usage           130 interrupted, safely
"""
