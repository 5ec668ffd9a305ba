"""The command line: arguments in, text and exit code out. Here, and only here, the parts meet.

overview   the commands, one line each         entry      from words to a command, and the one error boundary
options    what every command understands      screen     stdout, stderr, colours
session    the state and the PBX of a run      planning   a plan with everything it needs
"""
