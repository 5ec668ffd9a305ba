"""One module for each command, named as it is: its options in, text and exit code out."""
