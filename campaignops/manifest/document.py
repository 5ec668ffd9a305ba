"""One manifest: its campaigns, `for_each`. Each campaign is laid over its defaults, rendered, checked and built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from campaignops.findings import Finding, Place
from campaignops.manifest import shared
from campaignops.manifest.form import complaints
from campaignops.manifest.form.complaints import Complaint
from campaignops.manifest.form.hints import FORMS, SKELETON
from campaignops.manifest.form.invalid import Invalid, Wrong
from campaignops.manifest.form.vocabulary import INSTEAD
from campaignops.manifest.jinja.render import Failed, Unrendered, has_marks, shown
from campaignops.manifest.problems import did_you_mean
from campaignops.manifest.reading import Pair, Reader, Tools
from campaignops.manifest.shared import Layer, Shared
from campaignops.manifest.source import Path, Source, child
from campaignops.manifest.yaml import nodes
from campaignops.model import Campaign
from campaignops.project import DEFAULTS_FILE

MAX_KEY = 127
_TOP = ("campaigns", "defaults", "vars")
_REQUIRED = {"type", "channel", "recipients", "message", "send", "session"}

# A key is what people type behind --target and see in state files; `summer["de"]` is what for_each makes of one.
_is_key = re.compile(
    r'[^\x00-\x20\x7f-\x9f"\[\]{}*?](?:[^\x00-\x1f\x7f-\x9f"\[\]{}*?]*[^\x00-\x20\x7f-\x9f"\[\]{}*?])?\Z'
).match


class Document:
    def __init__(self, source: Source, tools: Tools, above: Shared) -> None:
        self._reader = Reader(source, tools)
        self._source = source
        self._tools = tools
        self._problems = tools.problems
        self._shared = above
        self._is_template = source.line_map is not None

    def campaigns(self) -> Iterator[Campaign]:
        """Each campaign that holds by itself; what is wrong with the others goes to the problems."""
        root = self._source.root
        if not isinstance(root, MappingNode):
            self._without_campaigns(root)
            return
        top = self._reader.pairs(root)
        unknown = [name for name in top if name not in _TOP]
        if len(_REQUIRED.intersection(unknown)) > 1 and "campaigns" not in top:
            message = "the fields of a campaign stand under `campaigns:` and a key of its own"
            help = "write `campaigns:` and `  summer-sale:` above them, and indent them"
            self._problems.add("CMP107", message, self._source.place_of(top[unknown[0]][0]), help=help)
            return
        for name in unknown:
            self._unknown(name, top[name][0], root)
        if "vars" in top or "defaults" in top:
            self._shared = shared.of(self._reader, top, self._shared)
        if "campaigns" in top:
            for name, pair in self._campaign_pairs(top["campaigns"]):
                if self._shared.is_sound:
                    yield from self._campaign(name, pair)
        elif set(top) <= set(_TOP):
            self._without_campaigns(root)

    def _without_campaigns(self, root: Node | None) -> None:
        if root is None or isinstance(root, MappingNode):
            message, help = "the manifest holds no campaigns", "put them under `campaigns:`"
            if isinstance(root, MappingNode) and child(root, "defaults"):
                help = f"defaults for all manifests of a folder stand in a file `{DEFAULTS_FILE}`"
            self._problems.add("CMP118", message, Place(self._source.file), help=help, severity="warning")
        else:
            message = (
                "this is no manifest: a manifest has a line `campaigns:`, and the campaigns indented below it"
            )
            help = f"campaigns: {{summer-sale: {{{SKELETON}}}}}"
            self._problems.add("CMP107", message, self._source.place_of(root), help=help)

    def _unknown(self, name: str, key: Node, root: Node) -> None:
        help = INSTEAD.get(name) or did_you_mean(name, _TOP)
        if child(root, "campaigns") is None:
            help = f"a campaign stands under `campaigns:`, indented; {help}"
        self._problems.add("CMP104", f"unknown key `{name[:60]}`", self._source.place_of(key), help=help)

    def _campaign_pairs(self, pair: Pair) -> Iterator[tuple[str, Pair]]:
        key, node = pair
        if not isinstance(node, MappingNode):
            if isinstance(node, ScalarNode) and not node.value:
                self._without_campaigns(None)
            else:
                message = "below `campaigns`, each campaign stands under a key of its own, without `- `"
                self._problems.add(
                    "CMP107",
                    message,
                    self._source.place_of(key),
                    help="campaigns: {summer-sale: {type: sms, …}}, or its fields indented below a line `summer-sale:`",
                )
            return
        found = self._reader.pairs(node)
        if not node.value:
            self._without_campaigns(None)
        if len(_REQUIRED & found.keys()) > 1:
            message = "the key of the campaign is missing: its fields stand directly under `campaigns`"
            help = "campaigns: {summer-sale: {type: sms, …}}, or indent them below a line `summer-sale:`"
            self._problems.add("CMP107", message, self._source.place_of(key), help=help)
            return
        for name, below in found.items():
            if _is_key(name) and len(name) <= MAX_KEY:
                yield name, below
            else:
                self._about_key(name, below[0])

    def _about_key(self, name: str, key: Node) -> None:
        message, help = f"`{name[:60]}` cannot be the key of a campaign", _KEY_HELP
        if has_marks(name) and not self._is_template:
            message = "a key holds no {{ }}: for_each gives each of its campaigns a key of its own"
            help = 'summer-sale: {for_each: [de, en], …} makes summer-sale["de"] and summer-sale["en"]'
        self._problems.add("CMP107", message, self._source.place_of(key), help=help)

    def _campaign(self, key: str, pair: Pair) -> Iterable[Campaign]:
        before = self._problems.errors
        braced: nodes.Held = []
        raw, sound = self._reader.values(pair[1], braced=braced)
        if not sound:
            return ()
        layers = self._shared.layers
        if raw is None and layers:
            raw = {}
        if not isinstance(raw, dict) or not (raw or layers):
            place, help = self._source.place_of(pair[0]), f"{key}: {{{SKELETON}}}"
            said = "is empty"
            if isinstance(raw, str) and re.match(r"[a-z_]+:\S", raw):
                said, help = (
                    "has no fields: a blank is missing behind a colon",
                    "write `type: sms`, not `type:sms`",
                )
            elif raw:
                said = "has no fields: these stand below its key, indented, each with a colon and a blank"
            self._problems.add("CMP107", f"the campaign `{key}` {said}", place, help=help)
            return ()
        if self._is_template:
            braced = []  # they are rendered already
        if layers:
            braced += shared.lay_over(raw, layers)
        clean = self._problems.errors == before and not self._shared.vars_failed
        found = self._for_each(key, pair, raw) if "for_each" in raw else self._single(key, pair, raw, braced)
        return found if clean else list(found)[:0]

    def _single(self, key: str, pair: Pair, raw: dict[str, Any], braced: nodes.Held) -> Iterable[Campaign]:
        failed: Failed = []
        if braced:
            self._render(raw, braced, failed)
        return self._one(key, pair, raw, failed)

    def _render(self, raw: dict[str, Any], braced: nodes.Held, failed: Failed) -> None:
        """Renders in place the few texts that may need it, without walking through all the others."""
        for holder, key in braced:
            if has_marks(text := holder[key]):
                try:
                    holder[key] = self._tools.renderer.text(text, self._shared.scope)
                except Unrendered as problem:
                    failed.append((_path_to(raw, holder, key), problem))

    def _for_each(self, key: str, pair: Pair, raw: dict[str, Any]) -> Iterator[Campaign]:
        if self._is_template:
            message, help = "`for_each` does not apply in a template", "write {% for … %} round the campaign"
            self._problems.add(
                "CMP116", message, self._source.locate(pair, ("for_each",), key=True), help=help
            )
            return
        del raw["for_each"]
        for name, value in self._items(pair):
            full = f'{key}["{name}"]'
            if len(full) > MAX_KEY:
                message = f"the key `{full[:60]}…` is longer than {MAX_KEY} characters"
                self._problems.add("CMP107", message, self._source.locate(pair, ("for_each",), key=True))
                return
            failed: Failed = []
            scope = {**self._shared.scope, "each": {"key": name, "value": value}}
            self._problems.note_of = partial(self._of_item, name)
            yield from self._one(full, pair, self._tools.renderer.tree(raw, scope, failed), failed)
        self._problems.note_of = self._source.note_of

    def _of_item(self, name: str, place: Place) -> str | None:
        """Which item a finding is about, where the line looks different for each."""
        line = self._source.lines[place.line - 1] if place.line <= len(self._source.lines) else ""
        return (
            f"for the item `{name}` of `for_each`"
            if place.file == self._source.file and "each" in line
            else None
        )

    def _items(self, pair: Pair) -> Iterator[tuple[str, Any]]:
        found = child(pair[1], "for_each")
        assert found is not None
        given, _ = self._reader.values(found[1], typed=True)
        given = self._reader.rendered(pair, ("for_each",), given, self._shared.scope)
        if not isinstance(given, dict | list):
            message, place = (
                "`for_each` must be a list, or keys with values",
                self._source.place_of(found[0]),
            )
            self._problems.add(
                "CMP107", message, place, help="for_each: [de, en], or for_each: {de: Hallo, en: Hello}"
            )
            return
        if not given:
            place, message = self._source.place_of(found[0]), "`for_each` is empty: no campaign comes of it"
            self._problems.add("CMP118", message, place, help="leave the campaign out", severity="warning")
        items = list(given.items()) if isinstance(given, dict) else [(item, item) for item in given]
        seen = set()
        for at, (name, value) in enumerate(items):
            path = ("for_each", name if isinstance(given, dict) else at)
            text = shown(name) if isinstance(name, str | int) else None
            if text is None or not _is_key(text):
                message = "an item of a list must be a text; for more, give each a key"
                help = "for_each: {de: {text: Hallo}, en: {text: Hello}}; then {{ each.value.text }}"
                if text is not None:
                    message, help = f"`{text[:60]}` cannot be part of a key", _KEY_HELP
                self._problems.add("CMP107", message, self._source.locate(pair, path, key=True), help=help)
            elif text in seen:
                place = self._source.locate(pair, path)
                self._problems.add(
                    "CMP110", f"`{text}` stands in `for_each` twice", place, help="take one of them out"
                )
            else:
                seen.add(text)
                yield text, value

    def _one(self, key: str, pair: Pair, raw: Any, failed: Failed) -> tuple[Campaign, ...]:
        """The campaign, or none, with every reason among the problems."""
        before = self._problems.errors
        unrendered = {path for path, _ in failed}
        for path, problem in failed:
            reader, at, user = self._origin(key, pair, path)
            reader.tell_unrendered(at, path, problem, user=key if problem.place else user)
        try:
            form = self._tools.validate(raw)
            campaign = self._tools.builder.campaign(key, form, self._source.place_of(pair[0]))
        except ValidationError as error:
            wrong: Wrong = [*complaints.about_campaign(error, raw)]
            fields = {item.path[0] for item in wrong if isinstance(item, Complaint) and item.path}
            wrong += self._tools.builder.wrong_parts(raw, fields | (_REQUIRED - set(raw)))
            self._tell(key, pair, wrong, unrendered)
            if (
                self._problems.errors == before
            ):  # a campaign that vanished in silence would look like one deleted
                place, help = self._source.place_of(pair[0]), f"it is {FORMS['']}"
                self._problems.add("CMP107", f"the campaign `{key}` cannot be read", place, help=help)
        except Invalid as invalid:
            self._tell(key, pair, invalid.wrong, unrendered)
        else:
            self._tell(key, pair, self._tools.builder.doubts, unrendered)
            if self._problems.errors == before:
                return (campaign,)
        return ()

    def _tell(
        self,
        key: str,
        pair: Pair,
        wrong: Iterable[Complaint | Finding],
        unrendered: set[tuple[str | int, ...]],
    ) -> None:
        """A text that could not be rendered is not also told to be the wrong text."""
        for item in wrong:
            if isinstance(item, Finding):
                self._problems.extend([item])
            elif item.path not in unrendered:
                reader, at, user = self._origin(key, pair, item.path)
                place = reader.source.locate(at, item.path, key=item.at_key)
                self._problems.add(
                    item.code,
                    item.message,
                    place,
                    note=item.note,
                    help=item.help,
                    severity=item.severity,
                    user=user,
                )

    def _origin(self, key: str, pair: Pair, path: Path) -> tuple[Reader, Pair, str | None]:
        """Where a field of a campaign stands: who can look there, below which pair, and whose default it is, if so."""
        layers = self._shared.layers
        if not layers:
            return self._reader, pair, None
        found = shared.origin((Layer(self._source, pair, self._is_template), *layers), path)
        return Reader(found.source, self._tools), found.pair, None if found.pair is pair else key


def _path_to(value: Any, holder: Any, key: str | int) -> tuple[str | int, ...]:
    """The path of holder[key] inside `value`; the holder is found as the object it is."""
    if value is holder:
        return (key,)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        if below := _path_to(item, holder, key):
            return (name, *below)
    return ()


_KEY_HELP = f'1 to {MAX_KEY} characters, none of them " [ ] {{ }} * ? or a line break, no blank at either end'
