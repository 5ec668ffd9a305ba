"""`rules:` of the settings -> rules: Jinja conditions, and Python functions of installed packages by their code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from campaignops.findings import Place
from campaignops.manifest.jinja.render import Renderer, Unrendered
from campaignops.manifest.problems import did_you_mean
from campaignops.rules import Facts, Rule, Undecided, is_code

GROUP = "campaignops.rules"
Path = tuple[str | int, ...]
Tell = Callable[..., None]  # code, path, message, help


class _Wrong(Exception):
    """A rule that is none: code, path, message, help."""


def rules_of(forms: list[Any], place_of: Callable[[Path], Place], tell: Tell) -> tuple[Rule, ...]:
    """The rules, all sound; what is wrong with the others is told."""
    renderer = Renderer()
    found: dict[str, Rule] = {}
    for at, form in enumerate(forms):
        if not isinstance(form, dict):
            continue  # the schema has said so
        path: Path = ("rules", at)
        try:
            made = _installed(form["use"], path) if "use" in form else _condition(form, path, renderer)
        except _Wrong as wrong:
            tell(*wrong.args)
            continue
        if made.code in found:
            tell(
                "CMP110", path, f"the rule {made.code} stands here twice", "give each rule a code of its own"
            )
        found[made.code] = replace(made, place=place_of(path))
    return tuple(found.values())


def _condition(form: dict[str, Any], path: Path, renderer: Renderer) -> Rule:
    missing = [name for name in ("code", "deny", "message") if name not in form]
    if missing:
        help = "a rule has `code`, `deny` and `message`; or `use: CODE` for an installed one"
        raise _Wrong("CMP106", path, f"`{missing[0]}` is missing in this rule", help)
    code, deny = form["code"], form["deny"]
    if not is_code(code):
        help = "capital letters of your own and three digits: ACME001"
        raise _Wrong("CMP109", (*path, "code"), f"`{code[:40]}` is not a code for a rule", help)
    template = "{% if " + deny + " %}x{% endif %}"
    try:
        renderer.expressions.compile(template)
    except Unrendered as problem:
        help = problem.help or 'for example deny: campaign.type == "sms" and "bit.ly" in campaign.text'
        raise _Wrong(problem.code, (*path, "deny"), problem.message, help) from None
    tests = form.get("tests", {})
    denied, allowed = (tuple(map(_facts, tests.get(name, ()))) for name in ("denied", "allowed"))
    said = form.get("severity", "error"), form["message"]
    return Rule(code, *said, _asked(renderer, template), form.get("help"), None, denied, allowed)


def _facts(form: dict[str, Any]) -> Facts:
    return Facts(**{**form, "recipients": int(form.get("recipients", 0))})


def _asked(renderer: Renderer, template: str) -> Callable[[Facts], bool]:
    def denies(facts: Facts) -> bool:
        try:
            return bool(renderer.text(template, {"campaign": asdict(facts)}))
        except Unrendered as problem:
            raise Undecided(problem.message) from None

    return denies


def _installed(code: str, path: Path) -> Rule:
    from importlib.metadata import entry_points  # noqa: PLC0415 - looks through every installed package

    points = {point.name: point for point in entry_points(group=GROUP)}
    if code not in points:
        help = did_you_mean(code, points) or "install the package that holds it, in the pipeline too"
        raise _Wrong("CMP115", (*path, "use"), f"no installed package has a rule {code}", help)
    try:
        made = points[code].load()
    except Exception as error:  # noqa: BLE001 - importing foreign code may raise anything
        message = f"the rule {code} cannot be loaded: {type(error).__name__}"
        raise _Wrong("CMP115", (*path, "use"), message, "try to import it with Python") from None
    if not isinstance(made, Rule) or made.code != code:
        help = f'@rule("{code}", "what is wrong") above the function, from campaignops.rules'
        raise _Wrong("CMP115", (*path, "use"), f"what {code} names is not that rule", help)
    return made
