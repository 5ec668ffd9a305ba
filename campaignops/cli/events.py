"""What an apply does, a JSON line for each step as it happens, for a program that watches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from campaignops.applier import Result
from campaignops.cli.screen import Screen
from campaignops.errors import CampaignOpsError, Interrupted
from campaignops.planner import Plan
from campaignops.report.plain import escaped, masked, safe_strictly
from campaignops.report.plan_json import SCHEMA_VERSION


class Events:
    """Where the lines go, if anywhere. A full disk, or a reader that has gone, is told once and stops nothing."""

    def __init__(self, file: TextIO | None, shown: Screen) -> None:
        self._file, self._shown = file, shown

    def begin(self, plan: Plan) -> None:
        self._write("begin", digest=plan.digest, environment=masked(plan.environment), changes=plan.summary())

    def step(self, key: str, what: str) -> None:
        self._write("step", key=masked(key), step=safe_strictly(what))

    def result(self, result: Result) -> None:
        message = None if result.message is None else safe_strictly(result.message)
        self._write("result", key=masked(result.key), outcome=result.outcome, id=result.id, message=message)

    def end(self, error: CampaignOpsError | None) -> None:
        said = error and {"code": error.code, "message": safe_strictly(error.message)}
        self._write("end", exit_code=error.exit_code if error else 0, error=said)

    def _write(self, event: str, **said: Any) -> None:
        if self._file is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"schema_version": SCHEMA_VERSION, "time": time, "event": event, **said}
        try:
            self._file.write(escaped(json.dumps(line, ensure_ascii=False)) + "\n")
            self._file.flush()
        except OSError as error:
            self._shown.warn(f"--events: no more lines are written: {error.strerror}. The apply goes on")
            self.close()

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


@contextmanager
def to(name: str | None, shown: Screen) -> Iterator[Events]:
    """The events of one run, in the file `name`. Raises CampaignOpsError when it cannot be opened: nothing is done."""
    try:
        file = None if name is None else Path(name).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CampaignOpsError(f"cannot write {name}: {error.strerror}", code="write") from error
    events = Events(file, shown)
    try:
        yield events
        events.end(None)
    except (CampaignOpsError, KeyboardInterrupt) as error:
        events.end(error if isinstance(error, CampaignOpsError) else Interrupted("interrupted"))
        raise
    finally:
        events.close()
