"""The checked written form -> model.Campaign. What several fields mean together is decided here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from campaignops import audience
from campaignops.findings import Finding, Place
from campaignops.manifest import optouts, recipients
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.complaints import MAX_ITEMS, Complaint, Path
from campaignops.manifest.schema import MAX_NAME
from campaignops.manifest.times import Untimely, send_of
from campaignops.message import media
from campaignops.model import (
    Asset,
    AssignTo,
    Audience,
    Campaign,
    Components,
    Direct,
    File,
    FileMessage,
    MediaHeader,
    Message,
    Numbers,
    Phonebook,
    Ref,
    Session,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.project import Project

T = TypeVar("T")
Wrong = list[Complaint | Finding]  # findings have their place already: in a CSV
_MAX_AUDIENCES_KEPT = 32
_SUFFIX = len(" (99999)")


class Invalid(Exception):
    """A part cannot be built; `wrong` says why."""

    def __init__(self, *wrong: Complaint | Finding) -> None:
        super().__init__()
        self.wrong = wrong


class Builder:
    """Builds the campaigns of one run; files are read once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._assets = Assets(str(project.root))
        self._audiences: dict[tuple[str, str, int | None], tuple[Sequence[str], tuple[Finding, ...]]] = {}
        self.suppressed, self.findings = optouts.read(project, self._assets)

    def campaign(self, key: str, form: Any, place: Place) -> Campaign:
        """Raises Invalid with everything that is wrong."""
        failed: Wrong = []
        to = _attempt(failed, self._audience, form["recipients"])
        message = _attempt(failed, self._message, form["type"], form["message"])
        send = _attempt(failed, self._send, form["send"])
        session = _attempt(failed, _session, form["session"])
        if to is None or message is None or send is None or session is None:
            raise Invalid(*failed)
        sender, moved, split = form.get("sender"), form.get("moved"), form["recipients"].get("split")
        if split is not None and len(form.get("name", key)) > MAX_NAME - _SUFFIX:
            raise Invalid(_long_name(form, key))
        return Campaign(
            key,
            form["type"],
            form.get("name", key),
            _ref(form["channel"]),
            None if sender is None else _ref(sender),
            optouts.without(to, self.suppressed) if self.suppressed else to,
            message,
            send,
            session,
            place,
            None if moved is None else moved["from"],
            form.get("prevent_delete") == "true",
            None if split is None else int(split),
        )

    def wrong_parts(self, form: dict[str, Any], but: Collection[str | int]) -> Wrong:
        """What is wrong with the parts of a form of which other parts, `but`, do not even have the right form."""
        failed: Wrong = []
        if "recipients" not in but:
            _attempt(failed, self._audience, form["recipients"])
        if "message" not in but and "type" not in but:
            _attempt(failed, self._message, form["type"], form["message"])
        if "send" not in but:
            _attempt(failed, self._send, form["send"])
        if "session" not in but:
            _attempt(failed, _session, form["session"])
        return failed

    def _audience(self, form: dict[str, Any]) -> Audience:
        source = _only(form, ("numbers", "file", "phonebook"), ("recipients",))
        for name, owner in (("column", "file"), ("field", "phonebook")):
            if name in form and source != owner:
                raise Invalid(_misplaced(("recipients", name), f"`{name}` goes with `{owner}`"))
        limit = self._limit(form.get("split"), source)
        if source == "numbers":
            return self._numbers(form["numbers"], limit)
        if source == "file":
            return self._listed(form["file"], form.get("column", "phone"), limit)
        if "field" not in form:
            help = "field: mobile_number, or another of the nine number fields of a contact"
            path: Path = ("recipients", "field")
            raise Invalid(
                Complaint("CMP106", path, "`field` is missing beside `phonebook`", help=help, at_key=True)
            )
        return Phonebook(_ref(form["phonebook"]), form["field"])

    def _limit(self, split: str | None, source: str) -> int | None:
        """How many people there may be; None when they are cut into parts."""
        limit = self._project.max_recipients
        if split is None:
            return limit
        if source == "phonebook":
            message = "`split` goes with `numbers` and `file`: who is in a phonebook only the PBX knows"
            raise Invalid(_misplaced(("recipients", "split"), message))
        if int(split) > limit:
            message = f"parts of {int(split):,} people; one campaign may have {limit:,}"
            raise Invalid(Complaint("CMP402", ("recipients", "split"), message, help=f"split: {limit}"))
        return None

    def _numbers(self, numbers: list[str], limit: int | None) -> Numbers:
        path: Path = ("recipients", "numbers")
        if not numbers:
            raise Invalid(
                Complaint("CMP403", path, "no recipients", help="name at least one number", at_key=True)
            )
        if len(set(numbers)) != len(numbers):
            raise Invalid(*_repeated(numbers))
        if limit is not None and len(numbers) > limit:
            message = audience.too_many(len(numbers), limit)
            raise Invalid(Complaint("CMP402", path, message, help=audience.split_help(limit), at_key=True))
        return Numbers(tuple(numbers))

    def _listed(self, file: str, column: str, limit: int | None) -> Numbers:
        known = self._audiences.get((file, column, limit))
        if known is None:
            numbers, findings = self._read_file(file, column, limit)
            if len(self._audiences) >= _MAX_AUDIENCES_KEPT:
                self._audiences.pop(next(iter(self._audiences)))
            self._audiences[file, column, limit] = (numbers, findings)
            if findings:
                raise Invalid(*findings)
            known = numbers, findings
        if known[1]:
            raise Invalid()  # said already, for the first campaign that names the file
        return Numbers(known[0], file)

    def _read_file(
        self, file: str, column: str, limit: int | None
    ) -> tuple[Sequence[str], tuple[Finding, ...]]:
        try:
            return recipients.read(self._assets, file, column, limit)
        except Unusable as problem:
            path: Path = ("recipients", "file")
            raise Invalid(Complaint(problem.code, path, problem.message, help=problem.help)) from None

    def _message(self, type: str, form: dict[str, Any]) -> Message:
        if type == "whatsapp":
            return self._template(form)
        if _only(form, ("text", "file"), ("message",)) == "text":
            return Text(form["text"])
        return FileMessage(self._file(form["file"], ("message", "file")))

    def _template(self, form: dict[str, Any]) -> Template | Components:
        template, language = _ref(form["template"]), form["language"]
        if "components" in form:
            for name in ("header", "body", "buttons"):
                if name in form:
                    raise Invalid(_misplaced(("message", name), f"`components` stands instead of `{name}`"))
            return self._components(template, language, form["components"])
        header = self._header(form["header"]) if "header" in form else None
        body = form.get("body", ())
        values = tuple(body.items()) if isinstance(body, dict) else tuple(body)
        return Template(template, language, header, values, tuple(form.get("buttons", {}).items()))

    def _header(self, form: dict[str, Any]) -> TextHeader | MediaHeader:
        kind: Any = _only(form, ("text", "image", "video", "document"), ("message", "header"))
        if kind == "text":
            return TextHeader(form["text"])
        path: Path = ("message", "header", kind)
        file = self._file(form[kind], path)
        if isinstance(file, Asset):  # of what the PBX has it has judged itself
            refusal = media.whatsapp_refuses(file.name, kind, file.media_type, file.size_bytes)
            if refusal:
                raise Invalid(Complaint("CMP126", path, refusal[0], help=refusal[1]))
        return MediaHeader(kind, file)

    def _file(self, form: Any, path: Path) -> File:
        if isinstance(form, dict):
            info = form["uploaded"]
            return Uploaded(info["id"], info["name"], info["uri"], info["type"], int(info["size"]))
        try:
            return self._assets.asset(form)
        except Unusable as problem:
            raise Invalid(Complaint(problem.code, path, problem.message, help=problem.help)) from None

    def _components(self, template: Ref, language: str, components: list[Any]) -> Components:
        files: dict[str, Asset] = {}
        self._gather(components, ("message", "components"), files)
        text = json.dumps(components, ensure_ascii=False, separators=(",", ":"))
        return Components(template, language, text, tuple(files.values()))

    def _gather(self, value: Any, path: Path, files: dict[str, Asset]) -> None:
        """Every `{file: path}` in the components, each path once."""
        if isinstance(value, dict):
            if set(value) == {"file"} and isinstance(value["file"], str):
                file = self._file(value["file"], (*path, "file"))
                assert isinstance(file, Asset)
                files[file.path] = file
            else:
                for key, item in value.items():
                    self._gather(item, (*path, key), files)
        elif isinstance(value, list):
            for at, item in enumerate(value):
                self._gather(item, (*path, at), files)

    def _send(self, form: Any) -> Any:
        try:
            return send_of(form, self._project.timezone)
        except Untimely as problem:
            raise Invalid(problem.complaint) from None


def _attempt(failed: Wrong, work: Callable[..., T], *args: Any) -> T | None:
    """The part, or None with its problems added: a wrong message does not hide a wrong time."""
    try:
        return work(*args)
    except Invalid as problem:
        failed += problem.wrong
        return None


def _ref(form: Any) -> Ref:
    return Ref(form) if form.__class__ is str else Ref(None, int(form["id"]))


def _session(form: Any) -> Session:
    if form == "direct":
        return Direct()
    to = form["assign_to"]
    kind: Any = _only(to, ("extension", "queue"), ("session", "assign_to"))
    return AssignTo(kind, _ref(to[kind]))


def _only(form: dict[str, Any], names: tuple[str, ...], path: Path) -> str:
    """The one of `names` that is there."""
    present = [name for name in form if name in names]
    if len(present) == 1:
        return present[0]
    said = ", ".join(f"`{name}`" for name in names[:-1]) + f" and `{names[-1]}`"
    message = f"`{path[-1]}` needs exactly one of {said}"
    if not present:
        raise Invalid(Complaint("CMP108", path, message, help=f"add {names[0]}: …", at_key=True))
    note = "these are there: " + ", ".join(f"`{name}`" for name in present)
    raise Invalid(Complaint("CMP108", (*path, present[1]), message, note, at_key=True))


def _long_name(form: dict[str, Any], key: str) -> Complaint:
    message = (
        f"the name has {len(form.get('name', key))} characters; of a campaign that is split it may have "
    )
    path: Path = ("name",) if "name" in form else ()
    note = "each part has its number behind the name"
    return Complaint("CMP107", path, f"{message}{MAX_NAME - _SUFFIX}", note, at_key=not path)


def _misplaced(path: Path, message: str) -> Complaint:
    return Complaint("CMP116", path, message, help=f"leave `{path[-1]}` out", at_key=True)


def _repeated(numbers: list[str]) -> list[Complaint]:
    first: dict[str, int] = {}
    found = []
    for at, number in enumerate(numbers):
        if number in first:
            message = f"duplicate number {audience.mask(number)}"
            note = f"it is entry {first[number] + 1} of the list already"
            found.append(Complaint("CMP401", ("recipients", "numbers", at), message, note))
        else:
            first[number] = at
    return found[:MAX_ITEMS]
