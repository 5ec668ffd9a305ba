"""The command line: words in, text and exit code out. Here, and only here, the parts meet.

overview     the commands, one line each       entry        from words to a command, and the one error boundary
options      what every command understands    arguments    what each takes besides
screen       stdout, stderr, colours           connection   the PBX of a run
planning     a plan and all that it needs      writing      a run that writes the state

Each other module is the command of its name.
"""
