"""The command line: words in, text and exit code out. Here, and only here, the parts meet. `commands/` has them all.

overview      the commands, one line each       entry         from words to a command, and the one error boundary
options       what every command understands    arguments     what each takes besides; environment
selecting     project, state, campaigns meant   connection    the PBX of a run
planning      a plan and all that it needs      guarding      what its guardrails look at; verdict
approving     what an apply may do              confirming    the typed "yes"
writing       a run that writes the state       watching      what it shows, and how a signal ends it; checkpoint
screen, log   stdout, stderr, colours           leaving       comments and notices in files; events, files
manifests     campaigns of the PBX as files
"""
