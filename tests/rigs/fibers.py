"""Threads that take turns: one runs until its next pause while all others stand still, so a seed replays exactly."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable


class Killed(BaseException):
    """The process is gone, here and now. No `except Exception` of the code under test sees it."""


class Fiber:
    """`body` is given the fiber, and calls its `pause` wherever another one may run or this one may die."""

    def __init__(self, body: Callable[[Fiber], object]) -> None:
        self.is_alive, self.error = True, None  # type: bool, BaseException | None
        self._body, self._is_killed = body, False
        self._may_go, self._stands_still = _thread.allocate_lock(), _thread.allocate_lock()
        self._may_go.acquire()
        self._stands_still.acquire()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Go on to the next pause, or to the end."""
        self._may_go.release()
        self._stands_still.acquire()
        if not self.is_alive:
            self._thread.join()

    def kill(self) -> None:
        """End it where it stands."""
        self._is_killed = True
        while self.is_alive:
            self.step()

    def pause(self) -> None:
        self._stands_still.release()
        self._may_go.acquire()
        if self._is_killed:
            raise Killed

    def _run(self) -> None:
        self._may_go.acquire()
        try:
            if not self._is_killed:
                self._body(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - whoever steps it asks for it
            self.error = error
        finally:
            self.is_alive = False
            self._stands_still.release()
