"""What pydantic found wrong -> findings in the author's words, at the author's line. It decides nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError

from campaignops.audience import COUNTRY_HELP
from campaignops.findings import Severity
from campaignops.manifest.form import guardrails, hints, schema, settings_form
from campaignops.manifest.form.vocabulary import ALSO, HOMES, INSTEAD, STANDS_FOR, media, pasted, time_meant
from campaignops.manifest.problems import nearest

Path = tuple[str | int, ...]
MAX_ITEMS = 20


class Complaint(NamedTuple):
    """A finding before its place is looked up; `at_key` puts it on the key and not on the value."""

    code: str
    path: Path
    message: str
    note: str | None = None
    help: str | None = None
    at_key: bool = False
    severity: Severity = "error"


class _Wrong(NamedTuple):
    path: Path
    type: str
    context: dict[str, Any]


_CAMPAIGN_KEYS = set(schema.SmsCampaign.__annotations__) | set(schema._CampaignForm.__annotations__)
_SMS_KEYS = set(schema.SmsMessage.__annotations__)
_WHATSAPP_KEYS = set(schema.WhatsappMessage.__annotations__)
_KEYS: dict[str, Iterable[str]] = {
    "": _CAMPAIGN_KEYS,
    "recipients": schema.RecipientsForm.__annotations__,
    "recipients.phonebook": ("id",),
    "channel": ("id",),
    "sender": ("id",),
    "message.header": schema.HeaderForm.__annotations__,
    "message.template": ("id",),
    "message.file": ("uploaded",),
    "send": schema.AtForm.__annotations__,
    "session": ("assign_to",),
    "session.assign_to": schema.AssigneeForm.__annotations__,
    "session.assign_to.extension": ("id",),
    "session.assign_to.queue": ("id",),
    "moved": ("from",),
}
_SETTINGS = set(settings_form.SettingsForm.__annotations__) | set(
    settings_form.EnvironmentForm.__annotations__
)
_SETTINGS_KEYS: dict[str, Iterable[str]] = {
    "": _SETTINGS,
    "pbx": settings_form.PbxForm.__annotations__,
    "findings": settings_form.FindingsForm.__annotations__,
    "rules.*": settings_form.RuleForm.__annotations__,
    "rules.*.tests": settings_form.RuleTestsForm.__annotations__,
    "rules.*.tests.denied.*": settings_form.FactsForm.__annotations__,
    "rules.*.tests.allowed.*": settings_form.FactsForm.__annotations__,
    "guardrails": guardrails.GuardrailsForm.__annotations__,
    "guardrails.max_recipients": guardrails.LimitsForm.__annotations__,
    "guardrails.quiet_hours": guardrails.QuietForm.__annotations__,
    "guardrails.frequency": guardrails.FrequencyForm.__annotations__,
}


def about_campaign(error: ValidationError, raw: Any) -> list[Complaint]:
    """Every problem of one campaign, also when its `type` is what is wrong."""
    wrong = _listed(error, raw, tagged=True)
    by_type = [item for item in wrong if item.type.startswith("union_tag")]
    if not by_type:
        return _complaints(wrong, raw, _campaign_keys(raw))
    complaints = [_about_type(raw)]
    likely = _likely_type(raw)
    try:
        schema.campaign_adapter().validator.validate_python({**raw, "type": likely})
    except ValidationError as rest:
        complaints += _complaints(_listed(rest, raw, tagged=True), raw, _campaign_keys({"type": likely}))
    return complaints


def about_settings(error: ValidationError, raw: Any) -> list[Complaint]:
    return _complaints(
        _listed(error, raw, tagged=False), raw, lambda at: _SETTINGS_KEYS.get(_without_environment(at))
    )


def _without_environment(at: str) -> str:
    """The settings path of a path inside an environment: environments.test.pbx is like pbx."""
    parts = at.split(".")
    return ".".join(parts[2:]) if parts[0] == "environments" and len(parts) > 1 else at


def _campaign_keys(raw: Any) -> Callable[[str], Iterable[str] | None]:
    message = _WHATSAPP_KEYS if raw.get("type") == "whatsapp" else _SMS_KEYS
    return lambda at: message if at == "message" else _KEYS.get(at)


def _likely_type(raw: dict[str, Any]) -> str:
    written, message = raw.get("type"), raw.get("message")
    near = nearest(written, ("sms", "whatsapp")) if isinstance(written, str) else None
    return near or ("sms" if isinstance(message, dict) and _SMS_KEYS & set(message) else "whatsapp")


def _about_type(raw: dict[str, Any]) -> Complaint:
    if "type" not in raw:
        return Complaint("CMP106", (), "`type` is missing", help="type: sms, or type: whatsapp", at_key=True)
    value = raw["type"]
    near = nearest(value, ("sms", "whatsapp")) if isinstance(value, str) else None
    help = f"did you mean `{near}`?" if near else "type: sms, or type: whatsapp"
    return Complaint(
        "CMP109", ("type",), f"`type` must be sms or whatsapp, not {_described(value)}", help=help
    )


def _listed(error: ValidationError, raw: Any, *, tagged: bool) -> list[_Wrong]:
    out = []
    for item in error.errors(include_url=False, include_input=False):
        location = item["loc"][1:] if tagged else item["loc"]
        out.append(
            _Wrong(_path(location, raw, missing=item["type"] == "missing"), item["type"], item.get("ctx", {}))
        )
    return out


def _path(location: tuple[str | int, ...], raw: Any, *, missing: bool) -> Path:
    """The part of pydantic's location that exists in the data: it also names the members of unions. The last part of a
    missing key does not exist, and counts."""
    out: list[str | int] = []
    for part in location:
        if part in (range(len(raw)) if isinstance(raw, list) else raw if isinstance(raw, dict) else ()):
            out.append(part)
            raw = raw[part]
    return (*out, location[-1]) if missing else tuple(out)


def _value(raw: Any, path: Path) -> Any:
    for part in path:
        raw = raw[part]
    return raw


def _complaints(
    wrong: list[_Wrong], raw: Any, keys_at: Callable[[str], Iterable[str] | None]
) -> list[Complaint]:
    """One complaint for each path: of a field with several forms, pydantic tells what is wrong with each of them."""
    out: list[Complaint] = []
    by_path: dict[Path, list[_Wrong]] = {}
    for item in wrong:
        by_path.setdefault(item.path, []).append(item)
    items = 0
    for path, found in by_path.items():
        items += bool(path) and isinstance(path[-1], int)
        if items > MAX_ITEMS:
            continue
        complaint = _complaint(path, found, raw, by_path, keys_at)
        if complaint is not None:
            out.append(complaint)
    return out


def _complaint(
    path: Path,
    found: list[_Wrong],
    raw: Any,
    others: Iterable[Path],
    keys_at: Callable[[str], Iterable[str] | None],
) -> Complaint | None:
    dotted = ".".join(str(part) for part in path)
    first = found[0].type
    if any(item.type == "missing" for item in found):
        return None if _is_misspelt(path, raw, others, keys_at) else _missing(path)
    if any(item.type == "extra_forbidden" for item in found):
        return _unknown(path, raw, keys_at(".".join(str(part) for part in path[:-1])))
    value = _value(raw, path)
    if isinstance(value, dict | list) and any(
        len(other) > len(path) and other[: len(path)] == path for other in others
    ):
        return None  # the member of the union that fits tells more
    if isinstance(value, str):
        for item in found:
            if item.type in _ABOUT_TEXT:
                return _ABOUT_TEXT[item.type](path, value, item.context)
    name = _named(path)
    if value is None:
        return Complaint(
            "CMP107",
            path,
            f"{name} is empty",
            help=_form(path) or "write a value, or leave the line out",
            at_key=True,
        )
    wanted = _form(path) or _FORM_OF_TYPE.get(first, "written differently")
    return Complaint(
        "CMP107",
        path,
        f"{name} must be {wanted}; this is {_discreet(path, value)}" if dotted else f"a campaign is {wanted}",
        help=pasted(path, value, raw.get("type") if isinstance(raw, dict) else None),
    )


_FORM_OF_TYPE = {
    "string_type": "text",
    "dict_type": "names with values, such as {name: value}",
    "list_type": "a list",
}


def _form(path: Path) -> str | None:
    if path[:1] == ("environments",):
        path = path[2:] or path[:1]
    return hints.FORMS.get(".".join("*" if isinstance(part, int) else part for part in path))


def _named(path: Path) -> str:
    """`recipients`, or: entry 2 of `numbers`."""
    if path and isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of {_named(path[:-1])}"
    return f"`{path[-1]}`" if path else "this"


def _described(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value[:40]}`" if value else "empty"
    return "{…}" if isinstance(value, dict) else "a list" if isinstance(value, list) else "empty"


def _discreet(path: Path, value: Any) -> str:
    """`_described`, without numbers of people, which stand here in every form there is and cannot all be masked."""
    is_people = path[:1] == ("recipients",) and isinstance(value, str)
    return "a text" if is_people and sum(map(str.isdigit, value)) > 6 else _described(value)


def _missing(path: Path) -> Complaint:
    name = path[-1]
    wanted = _form(path)
    where = f" in `{path[-2]}`" if len(path) > 1 else ""
    help = hints.TO_PASTE.get(path) or (f"{name}: {wanted}" if wanted else f"add `{name}: …`")
    return Complaint("CMP106", path, f"`{name}` is missing{where}", help=help, at_key=True)


def _unknown(path: Path, raw: Any, known: Iterable[str] | None) -> Complaint:
    name, parent = str(path[-1]), path[:-1]
    known = list(known or ())
    if special := _in_no_list(path, raw, known):
        return special
    near, home = _meant(name, known), HOMES.get(name)
    if parent == ("message", "header") and name == "file" and isinstance(value := _value(raw, path), str):
        near = media(value)
    in_settings = "pbx" in known or "url" in known
    if near is None and home and not in_settings and home.split(".")[-1] != (parent[-1] if parent else ""):
        return Complaint(
            "CMP104", path, f"`{name}` belongs under `{home}`", help=_nested(home, name), at_key=True
        )
    if near is None and parent and name in _CAMPAIGN_KEYS and not in_settings:
        return Complaint(
            "CMP104", path, f"`{name}` belongs to the campaign, not under `{parent[-1]}`", at_key=True
        )
    listed = "known here: " + ", ".join(f"`{key}`" for key in sorted(known)) if known else None
    if "body" in known:
        listed = f"{listed}; the values of a template stand under `body`"
    listed = INSTEAD.get(name, listed) if in_settings else listed
    return Complaint(
        "CMP104",
        path,
        f"unknown key `{name[:60]}`",
        help=f"did you mean `{near}`?" if near else listed,
        at_key=True,
    )


def _in_no_list(path: Path, raw: Any, known: list[str]) -> Complaint | None:
    """What an unknown key says by where it stands, or by its value."""
    name, parent = str(path[-1]), path[:-1]
    if parent == ("message",) and name in (_WHATSAPP_KEYS | _SMS_KEYS):
        kind = raw.get("type") if isinstance(raw, dict) else None
        other = "whatsapp" if name in _WHATSAPP_KEYS else "sms"
        help = "a message by " + (
            "sms is {text: …} or {file: …}" if other == "whatsapp" else "whatsapp names a `template`"
        )
        return Complaint(
            "CMP116", path, f"`{name}` is for {other}; this campaign is {kind}", help=help, at_key=True
        )
    if known == ["id"] and name in ("name", "number"):
        message = f"a {name} stands by itself, without `{name}:`"
        value = _described(_value(raw, path)) if name == "name" else '"+…"'
        return Complaint("CMP104", path, message, help=f"{parent[-1]}: {value.strip('`')}", at_key=True)
    if parent and name in ("now", "draft", "direct") and parent[-1] in ("send", "session"):
        message, help = f"`{name}` stands by itself, without a value", f"{parent[-1]}: {name}"
        return Complaint("CMP104", path, message, help=help, at_key=True)
    if parent and " " in name and _value(raw, path) is None:
        message, help = (
            "a comma ended the text before this",
            "put quotes round a text in { } that holds a comma",
        )
        return Complaint("CMP104", path, message, help=help, at_key=True)
    if not parent and HOMES.get(name) == "message.header" and raw.get("type") == "sms":
        message = f"`{name}` belongs under `message`, as `file`"
        return Complaint(
            "CMP104", path, message, help=f"message: {{file: {_pasted_path(raw[name])}}}", at_key=True
        )
    if path[:1] == ("environments",) and len(path) == 3 and name == "url":
        return Complaint("CMP104", path, "`url` belongs under `pbx`", help=_nested("pbx", name), at_key=True)
    return None


def _pasted_path(value: Any) -> str:
    return value if isinstance(value, str) else "…"


def _meant(name: str, known: Iterable[str]) -> str | None:
    """The key that was probably meant: one that looks like it, or that other tools call so."""
    return next((also for also in ALSO.get(name, ()) if also in known), None) or nearest(name, known)


def _is_misspelt(
    path: Path, raw: Any, others: Iterable[Path], keys_at: Callable[[str], Iterable[str] | None]
) -> bool:
    """Whether a key that is missing stands there under another name, or what is to stand below it does: that is told,
    and one mistake is one finding."""
    parent, missing = path[:-1], path[-1]
    known = list(keys_at(".".join(str(part) for part in parent)) or ())
    for other in others:
        if len(other) == len(path) and other[:-1] == parent and isinstance(other[-1], str):
            name, home = other[-1], HOMES.get(other[-1], "").split(".")[-1 if parent else 0]
            if name not in known and missing in (_meant(name, known), home, *STANDS_FOR.get(name, ())):
                return True
    return False


def _nested(home: str, name: str) -> str | None:
    parts = home.split(".")
    return None if "`" in home else ": {".join((*parts, name)) + ": …" + "}" * len(parts)


def _pattern(path: Path, value: str, context: dict[str, Any]) -> Complaint:
    if path[-2:-1] == ("test_numbers",):
        return Complaint("CMP105", path, "not an E.164 number", help=COUNTRY_HELP)
    if path[-1] in ("id", "size", "split"):
        message = f"`{path[-1]}` must be a whole number from 1, not {_described(value)}"
        help = "split: 1000 makes campaigns of 1,000 people each" if path[-1] == "split" else None
        return Complaint("CMP107", path, message, help=help)
    if path[-1] == "timeout":
        return Complaint("CMP107", path, f"`timeout` must be a number of seconds, not {_described(value)}")
    if wanted := _form(path):
        return Complaint("CMP107", path, f"{_named(path)} must be {wanted}; not {_described(value)}")
    return Complaint(
        "CMP107", path, f"{_named(path)} holds a control character, such as a line break or a tab"
    )


def _literal(path: Path, value: str, context: dict[str, Any]) -> Complaint:
    words = [word for word in _words(context) if word]
    near = nearest(value, words)
    wanted = _form(path) or _one_of(words)
    help = f"did you mean `{near}`?" if near else None
    if path == ("send",) and (at := time_meant(value)):
        help = f"send: {at}"
    elif path == ("recipients", "field") and near is None:
        help = f"one of {_one_of(words)}"
    return Complaint("CMP109", path, f"{_named(path)} must be {wanted}; not {_described(value)}", help=help)


def _one_of(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words[:-1]) + f" or `{words[-1]}`"


def _words(context: dict[str, Any]) -> list[str]:
    """The words of pydantic's "'draft', 'now' or 'later'"."""
    return str(context.get("expected", "")).split("'")[1::2]


def _too_short(path: Path, value: str, context: dict[str, Any]) -> Complaint:
    return Complaint("CMP107", path, f"{_named(path)} is empty", help=_form(path))


def _too_long(path: Path, value: str, context: dict[str, Any]) -> Complaint:
    limit = context.get("max_length")
    return Complaint("CMP107", path, f"{_named(path)} has {len(value):,} characters; the limit is {limit}")


_ABOUT_TEXT: dict[str, Callable[[Path, str, dict[str, Any]], Complaint]] = {
    "string_pattern_mismatch": _pattern,
    "literal_error": _literal,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
}
