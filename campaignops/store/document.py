"""The state as one JSON document: a line for each campaign, its spec last. It knows JSON but no file operations.

`spec` stays text on the way in and out. In a line the raw `, "spec": ` cannot stand inside a JSON string (a quote there
is escaped), so the line is cut at the first one, and a plan without changes parses no spec.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import partial
from typing import Any, BinaryIO, TypeAlias

from campaignops.errors import StateError
from campaignops.state import FORMAT_VERSION, Entry, Pbx, Phase, State
from campaignops.store import Version

WAY_OUT = "Restore it from git or a backup. Nothing was sent"

_SPEC = ', "spec": '
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_ANOTHER = '"fingerprint"'  # stands in every entry, and hardly ever in a spec
_Types: TypeAlias = frozenset[type | None]
_TEXT: _Types = frozenset({str})
_COUNT: _Types = frozenset({int})
_TEXT_OR_NONE: _Types = _TEXT | {type(None)}
_COUNT_OR_NONE: _Types = _COUNT | {type(None)}
# The fields of an entry in the order in which they are written. `key` stands before them, `spec` behind.
TYPES: dict[str, _Types] = {
    "name": _TEXT,
    "type": _TEXT,
    "phase": _TEXT,
    "id": _COUNT_OR_NONE,
    "digest": _TEXT,
    "fingerprint": _TEXT,
    "send": _TEXT,
    "time_s": _COUNT_OR_NONE,
    "recipients": _COUNT_OR_NONE,
    "revision": _COUNT,
    "delivery": _TEXT,
    "status": _TEXT_OR_NONE,
    "at": _TEXT,
    "run": _TEXT,
    "lost": _TEXT,
    "late_until_s": _COUNT_OR_NONE,
    "released_s": _COUNT_OR_NONE,
    "uploaded_s": _COUNT_OR_NONE,
    "prevent_delete": frozenset({bool}),
    "question": _TEXT_OR_NONE,
    "halted": _TEXT_OR_NONE,
    "audience": _TEXT,
    "allowed": _TEXT,
    "template": _TEXT,
}
# What it means when a field is left out.
_DEFAULTS: dict[str, Any] = {"id": None, "time_s": None, "recipients": None} | {
    f.name: f.default for f in fields(Entry) if f.name in TYPES and f.default is not MISSING
}
REQUIRED = TYPES.keys() - _DEFAULTS.keys()
_PHASES = {str(phase): phase for phase in Phase}
SENDS = frozenset({"draft", "now", "at"})
_HEADER = {"format_version", "lineage", "serial", "check", "written_by", "plan", "pbx", "campaigns"}

dumps = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True)
class Image:
    """What the files say. `check` is that of the last journal line in it: it ties a journal to its document."""

    lineage: str
    serial: int = 0
    check: str = ""
    pbx: Pbx | None = None
    campaigns: dict[str, Entry] = field(default_factory=dict)
    plan: str = ""

    @property
    def version(self) -> Version:
        return Version(self.lineage, self.serial)

    def state(self) -> State:
        return State(self.lineage, self.serial, self.pbx, dict(self.campaigns), self.plan or None)


def decode(file: BinaryIO, where: str) -> Image:
    """The document in `file`, also when somebody laid it out anew. Raises StateError (CMP701, CMP702)."""
    try:
        try:
            return _as_written(file, where)
        except (ValueError, RecursionError):
            file.seek(0)
            return _as_any_json(file.read(), where)
    except (ValueError, RecursionError) as error:
        raise StateError(f"{where} is not a sound state: {why(error)}. {WAY_OUT}", code="CMP701") from error


def why(error: Exception) -> str:
    """What is wrong with a text that should be JSON, for people."""
    match error:
        case json.JSONDecodeError() if not error.doc[error.pos :].strip() or "Unterminated" in error.msg:
            return f"it is cut off in line {error.lineno}"
        case json.JSONDecodeError() if error.doc.split("\n")[error.lineno - 1].startswith(_CONFLICT):
            return f"line {error.lineno} is left over from a merge of git"
        case json.JSONDecodeError():
            return f"line {error.lineno} is not JSON from column {error.colno} on"
        case UnicodeDecodeError():
            return "it is not UTF-8 text"
        case RecursionError():
            return "it is nested too deeply"
    return str(error)


def encode(image: Image, written_by: str) -> bytes:
    header: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "lineage": image.lineage,
        "serial": image.serial,
    }
    optional = (("check", image.check), ("written_by", written_by), ("plan", image.plan))
    header |= {name: text for name, text in optional if text}
    header["pbx"] = image.pbx and pbx_fields(image.pbx)
    head = "".join(f"  {dumps(name)}: {dumps(value)},\n" for name, value in header.items())
    lines = (f"    {dumps(key)}: {entry_text(entry)}" for key, entry in sorted(image.campaigns.items()))
    body = ",\n".join(lines) + ("\n" if image.campaigns else "")
    return to_bytes(f'{{\n{head}  "campaigns": {{\n{body}  }}\n}}\n')


def to_bytes(text: str) -> bytes:
    """UTF-8. It has no half a surrogate pair; such a half stands in a JSON string, where `\\udxxx` can say it."""
    return text.encode("utf-8", "backslashreplace")


def entry_text(entry: Entry) -> str:
    """One line of JSON for an entry that is `sound`, without its key."""
    said = {name: getattr(entry, name) for name in TYPES}
    return f"{dumps({k: v for k, v in said.items() if k in REQUIRED or v != _DEFAULTS[k]})[:-1]}{_SPEC}{entry.spec}}}"


def sound(entry: Entry) -> Entry:
    """`entry` with a spec that fits in a line. Raises ValueError when the spec is not a JSON object."""
    spec = json.loads(entry.spec)
    if not isinstance(spec, dict):
        raise ValueError(f"the spec of campaign {entry.key} is not a JSON object")
    fits = entry.spec.strip() == entry.spec and "\n" not in entry.spec and "\r" not in entry.spec
    return entry if fits else replace(entry, spec=dumps(spec))


def pbx_fields(pbx: Pbx) -> dict[str, Any]:
    return {"serial_number": pbx.serial_number, "url": pbx.url}


def pbx_of(value: Any) -> Pbx | None:
    if value is None:
        return None
    match value:
        case {"serial_number": str() | None as serial_number, "url": str(url)} if len(value) == 2:
            return Pbx(serial_number, url)
    raise ValueError("'pbx' must have 'serial_number' and 'url'")


def entry_of(key: str, said: Any, spec: str) -> Entry:
    """The entry that `said`, a JSON object without its spec, stands for. Raises ValueError."""
    if not isinstance(said, dict):
        raise ValueError(f"campaign {key!r} is not an object")
    for name, value in said.items():
        if type(value) not in TYPES.get(name, ()):
            known = name in TYPES
            raise ValueError(
                f"campaign {key!r}: {name!r} {'has the wrong type' if known else 'is not a known field'}"
            )
    if missing := REQUIRED - said.keys():
        raise ValueError(f"campaign {key!r}: {min(missing)!r} is missing")
    if said["phase"] not in _PHASES or said["send"] not in SENDS:
        raise ValueError(f"campaign {key!r}: unknown phase {said['phase']!r} or send {said['send']!r}")
    said["phase"] = _PHASES[said["phase"]]
    return Entry(**(_DEFAULTS | said), key=key, spec=spec)


def split_spec(line: str) -> tuple[str, str]:
    """An entry's line up to its spec, and the rest."""
    head, found, spec = line.partition(_SPEC)
    if not found or not spec.startswith("{"):
        raise ValueError("an entry without its spec")
    return head, spec


def loads(text: str) -> Any:
    """As `json.loads`, but a key that occurs twice is a ValueError: which of the two was meant is anybody's guess."""
    text = text.strip()
    value, end = _DECODER.raw_decode(text)
    if end != len(text):
        raise ValueError(f"it goes on after its end, at character {end}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} occurs twice")
    return said


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _as_written(file: BinaryIO, where: str) -> Image:
    """Read what `encode` writes, line by line. ValueError for all else."""
    head = b"".join(iter(partial(next, file), b'  "campaigns": {\n'))
    image = _header(loads((head + b'"campaigns": {}}').decode()), where)
    more = True
    for line in iter(partial(next, file), b"  }\n"):
        front, spec = split_spec(line.decode())
        end = spec.rindex("}}")
        ((key, said),) = loads(f"{{{front}}}}}").items()
        if not more or key in image.campaigns or spec[end:] not in ("}},\n", "}}\n"):
            raise ValueError("a line too many")
        # Two campaigns on one line? As text, the spec of the first would hide the second.
        if _ANOTHER in spec:
            json.loads(spec[: end + 1])
        more = spec[end:] == "}},\n"
        image.campaigns[key] = entry_of(key, said, spec[: end + 1])
    if file.read() != b"}\n" or (more and image.campaigns):
        raise ValueError("not the end")
    return image


def _as_any_json(raw: bytes, where: str) -> Image:
    if not raw.strip():
        raise ValueError("it is empty")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ValueError("it begins with a byte-order mark (save it as UTF-8 without one)")
    document = loads(raw.decode())
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    image = _header(document, where)
    for key, said in document["campaigns"].items():
        spec = said.pop("spec", {}) if isinstance(said, dict) else {}
        if not isinstance(spec, dict):
            raise ValueError(f"campaign {key!r}: 'spec' is not an object")
        image.campaigns[key] = entry_of(key, said, dumps(spec))
    return image


def _header(said: dict[str, Any], where: str) -> Image:
    if type(version := said.get("format_version")) is not int or version < 1:
        raise ValueError("'format_version' is missing or not a number")
    if version > FORMAT_VERSION:
        by = f" ({said['written_by']})" if "written_by" in said else ""
        raise StateError(
            f"{where} was written by a newer version{by}: its format is {version}, this version reads up to "
            f"{FORMAT_VERSION}. Update campaignops and run again. Nothing was sent",
            code="CMP702",
        )
    if unknown := said.keys() - _HEADER:
        raise ValueError(f"{min(unknown)!r} is no field that this version knows")
    lineage, serial, check = said.get("lineage"), said.get("serial"), said.get("check", "")
    if not isinstance(lineage, str) or not lineage or type(serial) is not int or serial < 0:
        raise ValueError("'lineage' or 'serial' is missing or wrong")
    if not isinstance(check, str) or not isinstance(said.get("campaigns"), dict):
        raise ValueError("'check' or 'campaigns' is missing or wrong")
    if not isinstance(plan := said.get("plan", ""), str):
        raise ValueError("'plan' is not a text")
    return Image(lineage, serial, check, pbx_of(said.get("pbx")), plan=plan)
