"""The switches for what the PBX documentation leaves open. A table of values; each is consulted in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Personality:
    """One behaviour a real PBX may have. The first value of each switch is the default."""

    names_unique: Literal["no", "yes"] = "no"
    """`yes`: a second campaign of the same name is refused with 40003."""
    schedule_word: Literal["both", "schedule"] = "both"
    """`both`: `scheduled`, as the vendor's first example sends it, is taken for `schedule`."""
    sender_reads_as: Literal["number", "id"] = "number"
    """What reads show as `sender`: the number's text, or the id that was written."""
    ids_read_as: Literal["number", "text"] = "number"
    """How every answer says ids: as JSON numbers, or as their digits in a JSON string."""
    update_omitted: Literal["keep", "clear"] = "keep"
    """`clear`: an update silently empties every optional field that it leaves out."""
    number_list_update: Literal["replace", "append"] = "replace"
    """`append`: numbers of an update join those that are there already."""
    drafts_release: Literal["yes", "refused"] = "yes"
    """`refused`: a draft stays a draft; an update that would send it answers 70084."""
    past_schedule: Literal["refused", "sent", "stuck"] = "refused"
    """A send time in the past: refused with 40002, sent at once, or scheduled for ever."""
    listing_lag_s: float = 0
    """Seconds until a new campaign shows up in list and search; get and query see it at once."""
    search_matches: Literal["substring", "prefix", "exact"] = "substring"
    """How `search_value` is compared with names, ignoring case."""
    page_size_max: int = 100
    """Bigger pages are cut to this size without a word."""
    refresh_kills_old_token: Literal["no", "yes"] = "no"  # noqa: S105
    """`yes`: a refresh ends the access and the refresh token it replaces."""
    resend_on_repeat: Literal["refused", "ignored", "sent"] = "refused"
    """An update with `immediately` or `schedule` of a campaign that has begun: 70084, no effect, or sent again."""
    upload_names: Literal["kept", "changed"] = "kept"
    """`changed`: an upload gets a name of the PBX's own."""
    name_max: int = 127
    """Longest campaign name, in characters; longer ones are refused."""

    def changed(self, changes: Mapping[str, object]) -> Personality:
        """This personality with some switches set anew. Raises ValueError for an unknown switch or value."""
        hints = get_type_hints(Personality)
        for name, value in changes.items():
            if name not in hints:
                raise ValueError(f"no such switch: {name}")
            if not _fits(hints[name], value):
                raise ValueError(f"{name} cannot be {value!r}")
        return replace(self, **dict(changes))  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def names() -> tuple[str, ...]:
    """Every switch, in the order of the table."""
    return tuple(field.name for field in fields(Personality))


def _fits(hint: Any, value: object) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 0 if hint is float else isinstance(value, int) and value >= 1
