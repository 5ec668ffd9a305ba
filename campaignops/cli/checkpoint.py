"""A state on a disk that does not last: after each step a command of the user's brings it to where it does."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass

from campaignops.errors import StateError
from campaignops.report.plain import safe
from campaignops.state import State
from campaignops.store import Store, Version, Write

_TIMEOUT_S = 120
_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A Store whose writes count only once `command` has ended well: then the next call may be made."""

    store: Store
    command: str

    def read(self) -> tuple[State, Version]:
        return self.store.read()

    def cas(self, version: Version, state: State, write: Write) -> Version:
        after = self.store.cas(version, state, write)
        self._bring()
        return after

    def lock(self, command: str, timeout_s: float) -> AbstractContextManager[None]:
        return self.store.lock(command, timeout_s)

    def back_up(self) -> None:
        self.store.back_up()

    def settle(self) -> None:
        self.store.settle()
        self._bring()

    def _bring(self) -> None:
        """In a session of its own: an interrupt must not cut it off half way."""
        try:
            ran = subprocess.run(  # noqa: S603 - the command of whoever runs the apply
                shlex.split(self.command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT_S,
                start_new_session=True,
                check=False,
            )
        except (OSError, ValueError) as error:
            raise _failed(f"it cannot be run ({type(error).__name__})") from None
        except subprocess.TimeoutExpired:
            raise _failed(f"it did not end within {_TIMEOUT_S} s") from None
        if ran.returncode:
            said = safe(ran.stdout.decode("utf-8", "replace").strip()[-_MOST_SHOWN:])
            raise _failed(f"it ended with exit code {ran.returncode}" + (f": {said}" if said else ""))


def _failed(reason: str) -> StateError:
    return StateError(
        f"the command of --checkpoint failed: {reason}. The state is up to date here, but nowhere else, so nothing "
        "more was done; run the command by hand before this machine goes",
        code="checkpoint",
    )
