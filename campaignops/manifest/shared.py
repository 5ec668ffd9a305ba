"""What campaigns have in common: `vars` and `defaults` of their file, and of `_defaults.yaml` in the folders above it.

A campaign is laid over its defaults: mappings merge, all else replaces, and an empty value takes a default away. It
knows nothing of what fields mean, but which of them exclude each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ruamel.yaml.nodes import MappingNode

from campaignops.findings import Place
from campaignops.manifest import characters, comments
from campaignops.manifest.jinja.render import Scope, has_marks
from campaignops.manifest.problems import did_you_mean
from campaignops.manifest.reading import Pair, Reader, Tools
from campaignops.manifest.source import Path, Source, child, load
from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import Unreadable
from campaignops.manifest.yaml.nodes import Held
from campaignops.policy import Waiver
from campaignops.project import DEFAULTS_FILE

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z").match

# Ways to say the same thing, by the mapping they stand in: a campaign that chooses one of them is not also given the
# others from its defaults.
_CHOICES: dict[str, tuple[tuple[frozenset[str], ...], ...]] = {
    "recipients": (
        (frozenset(("numbers",)), frozenset(("file", "column")), frozenset(("phonebook", "field"))),
        (frozenset(("phonebook", "field")), frozenset(("split", "region"))),
    ),
    "message": (
        (
            frozenset(("text",)),
            frozenset(("file",)),
            frozenset(("template", "language", "header", "body", "buttons", "components")),
        ),
        (frozenset(("components",)), frozenset(("header", "body", "buttons"))),
    ),
    "message.header": (tuple(frozenset((kind,)) for kind in ("text", "image", "video", "document")),),
    "session.assign_to": ((frozenset(("extension",)), frozenset(("queue",))),),
}  # fmt: skip


class Layer(NamedTuple):
    """Where fields of a campaign may stand: its own block, or a `defaults:`; `is_rendered` when a template made it."""

    source: Source
    pair: Pair
    is_rendered: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """What a folder or file hands to its campaigns: names for expressions, and its defaults, the nearest first. With
    `is_sound` False the defaults cannot be read: campaigns without them would only seem to be wrong."""

    scope: Scope
    layers: tuple[Layer, ...] = ()
    is_sound: bool = True
    vars_failed: bool = False


def of(reader: Reader, top: dict[str, Pair], above: Shared) -> Shared:
    """What a file with the pairs `top` hands down, itself being handed `above`."""
    shared = above
    if "vars" in top:
        before = reader.tools.problems.errors
        scope = _with_vars(reader, top["vars"], shared.scope)
        failed = reader.tools.problems.errors > before
        shared = replace(shared, scope=scope, vars_failed=shared.vars_failed or failed)
    if "defaults" in top:
        shared = _with_defaults(reader, top["defaults"], shared)
    return shared


def _with_vars(reader: Reader, pair: Pair, scope: Scope) -> Scope:
    key, node = pair
    if reader.is_template:
        help = "set them in campaignops.yaml, or with {% set name = … %}"
        reader.tell("CMP116", "`vars` has no effect in a template", reader.source.place_of(key), help=help)
        return scope
    given, _ = reader.values(node, typed=True)
    if not isinstance(given, dict):
        if given is not None:
            message = "`vars` must be names with values, such as {brand: Blue Kettle}"
            reader.tell("CMP107", message, reader.source.place_of(key))
        return scope
    out = dict(scope)
    for name, value in given.items():
        if not _is_name(name) or name == "each":
            help = "letters, digits and _ make a name; `each` is taken by for_each"
            place = reader.source.locate(pair, (name,), key=True)
            reader.tell("CMP107", f"`{name[:60]}` is not a name for {{{{ … }}}}", place, help=help)
        elif name not in reader.tools.overrides:
            out[name] = reader.rendered(pair, (name,), value, out)
    return out


def _with_defaults(reader: Reader, pair: Pair, above: Shared) -> Shared:
    key, node = pair
    given, is_sound = reader.values(node)
    if given is None:
        return above
    if not isinstance(given, dict):
        message, help = (
            "`defaults` must be fields of a campaign",
            "defaults: {channel: Main SMS}",
        )
        reader.tell("CMP107", message, reader.source.place_of(key), help=help)
        return replace(above, is_sound=False)
    for name in ("for_each", "moved"):
        if name in given:
            message, place = f"`{name}` cannot be a default", reader.source.locate(pair, (name,), key=True)
            reader.tell("CMP116", message, place, help="write it into the campaign")
            is_sound = False
    return replace(above, layers=layers(reader.source, above), is_sound=above.is_sound and is_sound)


def layers(source: Source, above: Shared) -> tuple[Layer, ...]:
    """Where fields may stand that a campaign of this file does not write itself; the nearest first."""
    found = child(source.root, "defaults") if isinstance(source.root, MappingNode) else None
    own = (Layer(source, found, source.line_map is not None),) if found else ()
    return (*own, *above.layers)


class Folders:
    """What each folder hands down, read when its first manifest is. `files` are the paths of all `_defaults.yaml`."""

    def __init__(self, root: str, files: Collection[str], tools: Tools, scope: Scope) -> None:
        self._root, self._files, self._tools = root, frozenset(files), tools
        self._scope = scope
        self._known: dict[str, Shared] = {}
        self.waivers: list[Waiver] = []

    def above(self, file: str) -> Shared:
        """What the folder of a file hands to it."""
        folder = file.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            above = self.above(folder) if folder else Shared(self._scope)
            path = f"{folder}/{DEFAULTS_FILE}" if folder else DEFAULTS_FILE
            known = self._known[folder] = self._read(path, above) if path in self._files else above
        return known

    def _read(self, file: str, above: Shared) -> Shared:
        problems = self._tools.problems
        try:
            source = load(self._root, file, self._tools.renderer, above.scope)
        except Unreadable as problem:
            Source(file, problem.data).report([problem.flaw], problems)
            return replace(above, is_sound=False)
        except OSError as error:
            problems.add("CMP113", f"the file cannot be read: {error.strerror}", Place(file))
            return replace(above, is_sound=False)
        characters.check(source, problems)
        if comments.MARK in source.data:
            self.waivers += comments.waivers(source, problems)
        if source.root is None:
            return above
        reader = Reader(source, self._tools)
        if not isinstance(source.root, MappingNode):
            message = f"`{DEFAULTS_FILE}` holds `defaults:`, `vars:`, or both"
            reader.tell("CMP107", message, source.place_of(source.root))
            return replace(above, is_sound=False)
        top = reader.pairs(source.root)
        for name, (key, _) in top.items():
            if name not in ("vars", "defaults"):
                help = did_you_mean(name, ("vars", "defaults"))
                if name == "campaigns":
                    help = f"{DEFAULTS_FILE} is what the campaigns of a folder share; write them into another file"
                reader.tell("CMP104", f"unknown key `{name[:60]}`", source.place_of(key), help=help)
        return of(reader, top, above)


def lay_over(raw: dict[str, Any], layers: Sequence[Layer]) -> Held:
    """Gives a campaign what it does not say itself. The result is where texts stand now that are to be rendered."""
    taken: Held = []
    emptied: Held = []
    for layer in layers:
        below = nodes.values(layer.pair[1], [])
        _lay(raw, below, "", emptied, [] if layer.is_rendered else taken)
    for holder, key in emptied:
        holder.pop(key, None)
    return taken


def _lay(above: dict[str, Any], below: dict[str, Any], at: str, emptied: Held, taken: Held) -> None:
    others = _not_chosen(above, at)
    for key, value in below.items():
        if key in others:
            continue
        if key not in above:
            above[key] = value
            _gather(above, key, value, taken)
        elif above[key] is None:
            emptied.append((above, key))
        elif isinstance(above[key], dict) and isinstance(value, dict):
            _lay(above[key], value, f"{at}.{key}" if at else key, emptied, taken)


def _not_chosen(above: dict[str, Any], at: str) -> set[str]:
    """The fields that another choice belongs to than the one that is made."""
    out: set[str] = set()
    for ways in _CHOICES.get(at, ()):
        chosen = [any(above.get(name) is not None for name in way) for way in ways]
        if any(chosen):
            out.update(*(way for way, is_chosen in zip(ways, chosen, strict=True) if not is_chosen))
    return out


def _gather(holder: Any, key: Any, value: Any, taken: Held) -> None:
    if isinstance(value, str):
        if has_marks(value):
            taken.append((holder, key))
    elif isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            _gather(value, name, item, taken)


def origin(layers: Sequence[Layer], path: Path) -> Layer:
    """The layer that a field stands in: the nearest of those that have most of the way to it."""
    return max(layers, key=lambda layer: _depth(layer, path)) if len(layers) > 1 else layers[0]


def _depth(layer: Layer, path: Path) -> int:
    node = layer.pair[1]
    for depth, part in enumerate(path):
        step = child(node, part)
        if step is None:
            return depth
        node = step[1]
    return len(path)


def against(fields: dict[str, Any], layers: Sequence[Layer]) -> dict[str, Any]:
    """A campaign's own `fields`, with an empty value for each default that it must not get."""
    inherited: dict[str, Any] = {}
    lay_over(inherited, layers)
    return _without(fields, inherited, "")


def _without(fields: dict[str, Any], below: dict[str, Any], at: str) -> dict[str, Any]:
    out = dict(fields)
    others = _not_chosen(fields, at)
    for key, value in below.items():
        if key not in fields and key not in others:
            out[key] = None
        elif isinstance(fields.get(key), dict) and isinstance(value, dict):
            out[key] = _without(fields[key], value, f"{at}.{key}" if at else key)
    return out
