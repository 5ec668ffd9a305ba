"""Looks into one parsed file, and tells what is wrong there at its place. It knows YAML and Jinja, and no campaign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import Node, ScalarNode

from campaignops.findings import Place
from campaignops.manifest.build import Builder
from campaignops.manifest.jinja.render import Failed, Renderer, Scope, Unrendered
from campaignops.manifest.problems import Problems
from campaignops.manifest.source import Path, Source
from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import NOT_A_KEY, Flaw, duplicate, not_a_key, span
from campaignops.manifest.yaml.nodes import PLAIN

Pair = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Tools:
    """What all manifests of a run share. `overrides` are the vars that no manifest can change."""

    problems: Problems
    renderer: Renderer
    builder: Builder
    validate: Callable[[Any], Any]
    overrides: Scope


class Reader:
    """One file and the tools of the run."""

    def __init__(self, source: Source, tools: Tools) -> None:
        self.source = source
        self.tools = tools
        self.is_template = source.line_map is not None

    def tell(
        self, code: str, message: str, place: Place, *, note: str | None = None, help: str | None = None
    ) -> None:
        self.tools.problems.add(code, message, place, note=note, help=help)

    def pairs(self, node: Node) -> dict[str, Pair]:
        """The pairs of a mapping by name; keys written twice, lists for keys and `<<` are reported."""
        flaws: list[Flaw] = []
        out: dict[str, Pair] = {}
        for pair in node.value:
            key = pair[0]
            if key.__class__ is not ScalarNode:
                flaws.append(not_a_key(key))
            elif key.value in out:
                flaws.append(duplicate(node, key))
            elif key.value == "<<" and key.ctag is PLAIN:
                message = "`<<` can be used inside a campaign, not here"
                flaws.append(Flaw("CMP101", message, span(key)))
            else:
                out[key.value] = pair
        if flaws:
            self.source.report(flaws, self.tools.problems)
        return out

    def values(
        self, node: Node, *, typed: bool = False, braced: nodes.Held | None = None
    ) -> tuple[Any, bool]:
        """The plain values of a node, and whether they can be gone on with."""
        flaws: list[Flaw] = []
        value = nodes.values(node, flaws, typed=typed, braced=braced)
        if not flaws:
            return value, True
        self.source.report(flaws, self.tools.problems)
        return value, not any(flaw.code == "CMP102" or flaw.message == NOT_A_KEY for flaw in flaws)

    def rendered(self, pair: Pair, path: Path, value: Any, scope: Scope) -> Any:
        """A value below `pair` with every text in it rendered; what cannot be is told."""
        failed: Failed = []
        value = self.tools.renderer.tree(value, scope, failed)
        for below, problem in failed:
            self.tell_unrendered(pair, (*path, *below), problem)
        return value

    def tell_unrendered(
        self, pair: Pair, path: Path, problem: Unrendered, *, user: str | None = None
    ) -> None:
        """`user`: the campaign that the text was rendered for, when it does not stand in the campaign."""
        source = self.source
        place = source.find_in(pair, path, problem.word) if problem.word else source.locate(pair, path)
        note = problem.note
        if problem.place:
            note, place = note or (None if user else f"imported at {place}"), problem.place
        self.tools.problems.add(problem.code, problem.message, place, note=note, help=problem.help, user=user)
