"""The checked written form -> model.Campaign. What several fields mean together is decided here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from campaignops.findings import Place
from campaignops.manifest.assets import Assets, Unusable
from campaignops.manifest.form.complaints import Complaint, Path
from campaignops.manifest.form.invalid import Invalid, Wrong, misplaced, one_of, reference
from campaignops.manifest.form.values import MAX_NAME
from campaignops.manifest.recipients import Recipients, doubt_about, number_in, optouts
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
    Ref,
    Session,
    Template,
    Text,
    TextHeader,
    Uploaded,
)
from campaignops.project import Project

T = TypeVar("T")
_SUFFIX = len(" (99999)")


class Builder:
    """Builds the campaigns of one run; files are read once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.assets = Assets(str(project.root))
        self._recipients = Recipients(project, self.assets)
        self.suppressed, self.findings = optouts.read(project, self.assets)

    @property
    def doubts(self) -> Wrong:
        """What is odd about the last campaign, and no error."""
        return self._recipients.doubts

    def campaign(self, key: str, form: Any, place: Place) -> Campaign:
        """Raises Invalid with everything that is wrong."""
        failed: Wrong = []
        self.doubts.clear()
        to = _attempt(failed, self._audience, form["recipients"], form["send"])
        message = _attempt(failed, self._message, form["type"], form["message"])
        send = _attempt(failed, self._send, form["send"])
        session = _attempt(failed, _session, form["session"])
        sender = _attempt(failed, self._sender, form["sender"]) if "sender" in form else None
        if failed or to is None or message is None or send is None or session is None:
            raise Invalid(*failed)
        moved, split = form.get("moved"), form["recipients"].get("split")
        if split is not None and len(form.get("name", key)) > MAX_NAME - _SUFFIX:
            raise Invalid(_long_name(form, key))
        return Campaign(
            key,
            form["type"],
            form.get("name", key),
            reference(form["channel"]),
            sender,
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
            _attempt(failed, self._audience, form["recipients"], form.get("send"))
        elif isinstance(to := form.get("recipients"), dict) and isinstance(to.get("numbers"), list):
            failed += self._recipients.wrong_numbers(to)
        if "message" not in but and "type" not in but:
            _attempt(failed, self._message, form["type"], form["message"])
        if "send" not in but:
            _attempt(failed, self._send, form["send"])
        if "session" not in but:
            _attempt(failed, _session, form["session"])
        if "sender" in form and "sender" not in but:
            _attempt(failed, self._sender, form["sender"])
        return failed

    def _audience(self, form: dict[str, Any], send: Any) -> Audience:
        zone = send.get("timezone") if isinstance(send, dict) else None
        return self._recipients.audience(form, str(zone or self._project.timezone))

    def _sender(self, form: Any) -> Ref:
        if not isinstance(form, str):
            return reference(form)
        number = number_in(("sender",), form, self._project.region, self._project.timezone)
        if doubt := doubt_about(("sender",), number):
            self.doubts.append(doubt)
        return Ref(number)

    def _message(self, type: str, form: dict[str, Any]) -> Message:
        if type == "whatsapp":
            return self._template(form)
        if one_of(form, ("text", "file"), ("message",)) == "text":
            return Text(form["text"])
        return FileMessage(self._file(form["file"], ("message", "file")))

    def _template(self, form: dict[str, Any]) -> Template | Components:
        template, language = reference(form["template"]), form["language"]
        if "components" in form:
            for name in ("header", "body", "buttons"):
                if name in form:
                    raise Invalid(misplaced(("message", name), f"`components` stands instead of `{name}`"))
            return self._components(template, language, form["components"])
        header = self._header(form["header"]) if "header" in form else None
        body = form.get("body", ())
        values = tuple(body.items()) if isinstance(body, dict) else tuple(body)
        return Template(template, language, header, values, tuple(form.get("buttons", {}).items()))

    def _header(self, form: dict[str, Any]) -> TextHeader | MediaHeader:
        kind: Any = one_of(form, ("text", "image", "video", "document"), ("message", "header"))
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
            return self.assets.asset(form)
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


def _session(form: Any) -> Session:
    if form == "direct":
        return Direct()
    to = form["assign_to"]
    kind: Any = one_of(to, ("extension", "queue"), ("session", "assign_to"))
    return AssignTo(kind, reference(to[kind]))


def _long_name(form: dict[str, Any], key: str) -> Complaint:
    message = (
        f"the name has {len(form.get('name', key))} characters; of a campaign that is split it may have "
    )
    path: Path = ("name",) if "name" in form else ()
    note = "each part has its number behind the name"
    return Complaint("CMP107", path, f"{message}{MAX_NAME - _SUFFIX}", note, at_key=not path)
