"""How the parts of a form fail while they are built, and the forms that several of them have."""

from __future__ import annotations

from typing import Any

from campaignops.findings import Finding
from campaignops.manifest.form.complaints import Complaint, Path
from campaignops.model import Ref

Wrong = list[Complaint | Finding]  # findings have their place already: in a CSV


class Invalid(Exception):
    """A part cannot be built; `wrong` says why."""

    def __init__(self, *wrong: Complaint | Finding) -> None:
        super().__init__()
        self.wrong = wrong


def reference(form: Any) -> Ref:
    return Ref(form) if form.__class__ is str else Ref(None, int(form["id"]))


def one_of(form: dict[str, Any], names: tuple[str, ...], path: Path) -> str:
    """The one of `names` that is there. Raises Invalid."""
    present = [name for name in form if name in names]
    if len(present) == 1:
        return present[0]
    said = ", ".join(f"`{name}`" for name in names[:-1]) + f" and `{names[-1]}`"
    message = f"`{path[-1]}` needs exactly one of {said}"
    if not present:
        raise Invalid(Complaint("CMP108", path, message, help=f"add {names[0]}: …", at_key=True))
    note = "these are there: " + ", ".join(f"`{name}`" for name in present)
    help = "an SMS is a text or a file: make two campaigns of it, or put a link into the text"
    texts = help if path == ("message",) else f"take out `{present[0]}` or `{present[1]}`"
    raise Invalid(Complaint("CMP108", (*path, present[1]), message, note, texts, at_key=True))


def misplaced(path: Path, message: str) -> Complaint:
    return Complaint("CMP116", path, message, help=f"leave `{path[-1]}` out", at_key=True)
