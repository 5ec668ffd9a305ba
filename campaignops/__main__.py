"""The console script. It imports `sys` alone until it knows which command is meant: `--version` and `--help` are asked
for a thousand times a day by shells and pipelines."""

import sys


def main() -> int:
    """Run the command line of this process; the result is its exit code."""
    words = sys.argv[1:]
    if words in (["--version"], ["-V"]):
        from campaignops import __version__

        print(f"campaignops {__version__}")
        return 0
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if not words or words in (["--help"], ["-h"]):
        from campaignops.cli.overview import TEXT

        print(TEXT, end="")
        return 0
    if words[1:] in (["--help"], ["-h"]):
        from campaignops.cli.options import print_help

        if print_help(words[0]):
            return 0
    from campaignops.cli.entry import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
