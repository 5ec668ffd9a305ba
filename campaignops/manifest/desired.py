"""All manifests of a project -> desired campaigns, one file at a time, none kept. Findings instead of exceptions."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path

from campaignops.findings import Finding, Place
from campaignops.manifest import characters, comments, shared, walk
from campaignops.manifest.build import Builder
from campaignops.manifest.document import Document
from campaignops.manifest.form import schema
from campaignops.manifest.jinja.render import Renderer, Scope, Unrendered
from campaignops.manifest.problems import Problems
from campaignops.manifest.reading import Tools
from campaignops.manifest.shared import Folders, Layer
from campaignops.manifest.source import Source, load
from campaignops.manifest.yaml.flaws import Unreadable
from campaignops.model import Campaign
from campaignops.policy import Waiver
from campaignops.project import SETTINGS_FILE, Project

_number = re.compile(r" \([0-9]+\)\Z").search


def read(project: Project) -> Desired:
    """The desired campaigns of a project, to be iterated once."""
    return Desired(project)


class Desired:
    """Yields each campaign that holds by itself, file by file in sorted order, and keeps none of them. `findings` is
    complete when the iteration has ended; with an error among them the campaigns are not to be acted on. So are
    `waivers`, the comments that silence some of them."""

    def __init__(self, project: Project) -> None:
        self._root = str(project.root.resolve())
        self._problems = Problems()
        validate = schema.campaign_adapter().validator.validate_python
        builder = Builder(project)
        self.suppressed = builder.suppressed
        self._problems.extend(builder.findings)
        self._tools = Tools(
            self._problems,
            Renderer(builder.assets, project.timezone, project.region),
            builder,
            validate,
            project.overrides,
        )
        self._files = walk.files(self._root, self._problems)
        scope = {**project.vars, **project.overrides}
        self._folders = Folders(self._root, self._files.defaults, self._tools, scope)
        self._keys: dict[str, Place] = {}
        self._names: dict[str, Place] = {}
        self._split: dict[str, Place] = {}
        self._numbered: dict[str, Place] = {}
        self._last: Source | None = None  # looked into last: one file may have 1,000 findings
        self._begun = False
        self.waivers: list[Waiver] = []

    @property
    def findings(self) -> list[Finding]:
        return self._problems.findings

    def __iter__(self) -> Iterator[Campaign]:
        if self._begun:
            raise RuntimeError("the desired campaigns can be read once")
        self._begun = True
        gc.freeze()  # what is there already need not be looked at again after each thousand nodes
        try:
            if Path(self._root, SETTINGS_FILE).is_file() and (source := self._load(SETTINGS_FILE, {})):
                self._look_at(source)
            for file in self._files.manifests:
                above = self._folders.above(file)
                self._last = source = self._load(file, above.scope)
                if source is not None:
                    self._problems.note_of = source.note_of
                    self._look_at(source)
                    for campaign in Document(source, self._tools, above).campaigns():
                        if self._is_unique(campaign, source):
                            yield campaign
        finally:
            self._last = None
            self.waivers += self._folders.waivers
            gc.unfreeze()

    def _look_at(self, source: Source) -> None:
        """What its text says beside the values."""
        characters.check(source, self._problems)
        if comments.MARK in source.data:
            self.waivers += comments.waivers(source, self._problems)

    def _load(self, file: str, scope: Scope) -> Source | None:
        try:
            return load(self._root, file, self._tools.renderer, scope)
        except Unreadable as problem:
            source = Source(file, problem.data)
            source.report([problem.flaw], self._problems)
            characters.check(source, self._problems)
        except Unrendered as problem:
            note = problem.note or f"imported by {file}"
            self._problems.add(problem.code, problem.message, problem.place, note=note, help=problem.help)
        except OSError as error:
            self._problems.add("CMP113", f"the manifest cannot be read: {error.strerror}", Place(file))
        return None

    def _is_unique(self, campaign: Campaign, source: Source) -> bool:
        key, name = campaign.key, campaign.name
        if key in self._keys:
            message = f"the key `{key}` is used twice"
            self._problems.add(
                "CMP110", message, campaign.place, note=f"it stands at {self._keys[key]} already"
            )
            return False
        self._keys[key] = campaign.place
        if first := self._first_of(campaign):
            place = self._in(source, campaign, ("name",))
            note = f"the campaign at {first} has it already"
            help = "a name is unique in the project; with for_each, put {{ each.key }} into it"
            self._problems.add("CMP110", f"the name `{name}` is used twice", place, note=note, help=help)
            return False
        self._names[name] = campaign.place
        if campaign.split is not None:
            self._split[name] = campaign.place
        elif (base := _unnumbered(name)) != name:
            self._numbered[base] = campaign.place
        return True

    def _first_of(self, campaign: Campaign) -> Place | None:
        """Where the name stands already. The parts of a split campaign have its name with a number: `Sale (2)`."""
        name = campaign.name
        by_number = self._split.get(_unnumbered(name)) if campaign.split is None else self._numbered.get(name)
        return self._names.get(name) or by_number

    def locate(self, campaign: Campaign, path: tuple[str | int, ...]) -> Place:
        """The place of a field such as ("message", "text"), or of its nearest parent; reads its file again when it is
        not the one that was looked into last."""
        if self._last is None or self._last.file != campaign.place.file:
            try:
                scope = self._folders.above(campaign.place.file).scope
                self._last = load(self._root, campaign.place.file, self._tools.renderer, scope)
            except (Unreadable, Unrendered, OSError):  # it was changed meanwhile
                return campaign.place
        return self._in(self._last, campaign, path)

    def defaults(self, file: str) -> tuple[Layer, ...]:
        """What a new manifest of this name would be given."""
        return self._folders.above(file).layers

    def _in(self, source: Source, campaign: Campaign, path: tuple[str | int, ...]) -> Place:
        """The place of a field of a campaign; the campaign's own when it is not there any more."""
        pair = source.campaigns.get(campaign.key) or source.campaigns.get(campaign.key.partition("[")[0])
        if pair is None:
            return campaign.place
        own = Layer(source, pair, source.line_map is not None)
        found = shared.origin((own, *shared.layers(source, self._folders.above(source.file))), path)
        return found.source.locate(found.pair, path)


def _unnumbered(name: str) -> str:
    return name[: found.start()] if name[-1:] == ")" and (found := _number(name)) else name
