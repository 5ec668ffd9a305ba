"""campaignops.yaml, an environment, and the vars of the command line -> Project."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from ruamel.yaml.nodes import Node, ScalarNode

from campaignops.audience import regions
from campaignops.errors import ProjectError
from campaignops.findings import Place, in_order
from campaignops.manifest.comments import cannot, no_code
from campaignops.manifest.form import complaints, guardrails, settings_form
from campaignops.manifest.own_rules import rules_of
from campaignops.manifest.problems import Problems, nearest
from campaignops.manifest.recipients import unknown_region
from campaignops.manifest.source import Source, child, read_bytes
from campaignops.manifest.times import zone_help, zone_named
from campaignops.manifest.yaml import nodes
from campaignops.manifest.yaml.flaws import Flaw, Unreadable
from campaignops.policy import Policy, codes_of, may_be_silenced
from campaignops.project import DEFAULT_STATE, SANDBOX, SETTINGS_FILE, Guardrails, Pbx, Project

ENVIRONMENT = "CAMPAIGNOPS_ENV"
VAR_PREFIX = "CAMPAIGNOPS_VAR_"
_URL_HELP = "url: https://pbx.example.com, or url: sandbox"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z").match
_is_fingerprint = re.compile(r"sha256:[0-9a-f]{64}\Z").match
Layer = tuple[str | int, ...]


def load_project(
    root: Path,
    environment: str | None = None,
    overrides: Mapping[str, str] | None = None,
    var_files: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Project:
    """The project in the folder `root`. Raises ProjectError with every finding.

    Vars, the later winning: settings, environment, the manifest's own, CAMPAIGNOPS_VAR_name in `environ`, the YAML
    mappings `var_files` (paths from the current folder) in their order, `overrides` (--var).
    """
    environ = environ or {}
    loading = _Loading(root.resolve())
    project = loading.project(environment or environ.get(ENVIRONMENT) or None)
    over = loading.overrides(environ, var_files, overrides or {})
    if loading.problems.errors:
        count = loading.problems.errors
        said = "1 problem" if count == 1 else f"{count} problems"
        raise ProjectError(f"the settings do not hold: {said}", in_order(loading.problems.findings))
    return replace(project, overrides=over)


def read_mapping(path: Path) -> dict[str, Any]:
    """A YAML or JSON file that is a mapping, with typed scalars (a seed of the sandbox). Raises ProjectError."""
    loading = _Loading(path.parent)
    found = loading.mapping(str(path), Source(path.name, b""), typed=True)
    if loading.problems.errors:
        raise ProjectError(f"{path} does not hold", in_order(loading.problems.findings))
    return found


class _Loading:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems = Problems()
        self.source = Source(SETTINGS_FILE, b"")

    def project(self, environment: str | None) -> Project:
        """The settings as a Project; only to be used when there are no errors among the problems."""
        raw = self.mapping(str(self.root / SETTINGS_FILE), self.source)
        self.check_form(raw)
        environments = _mapping(raw.get("environments"))
        for layer in ((), *(("environments", name) for name in environments)):
            self.check(layer, _mapping(_at(raw, layer)))
        merged, names = dict(raw), self.vars_of(())
        if environment is not None and environment not in environments:
            self.unknown_environment(environment, environments)
        elif environment is not None:
            merged = _laid_over(raw, _mapping(environments[environment]))
            names |= self.vars_of(("environments", environment))
        pbx = _mapping(merged.get("pbx"))
        if "url" not in pbx and not self.problems.errors:
            self.no_url(environments)
        if self.problems.errors:
            return Project(self.root)
        state, zone = merged.get("state", DEFAULT_STATE), merged.get("timezone", "UTC")
        policy = _policy(_mapping(merged.get("findings")))
        guards = self.guardrails(_mapping(merged.get("guardrails")), environment)
        return Project(
            self.root,
            environment,
            self.pbx(pbx),
            state,
            zone,
            names,
            policy=policy,
            test_numbers=tuple(merged.get("test_numbers", ())),
            region=merged.get("region"),
            rules=rules_of(merged.get("rules", []), self.place, self.tell),
            guardrails=guards,
        )

    def mapping(self, path: str, source: Source, *, typed: bool = False) -> dict[str, Any]:
        """A YAML file that is a mapping; empty, with findings, when it is not."""
        flaws: list[Flaw] = []
        value: Any = None
        try:
            source.data = read_bytes(path)
            source.root = nodes.parse(source.data)
            value = {} if source.root is None else nodes.values(source.root, flaws, typed=typed)
        except Unreadable as problem:
            flaws.append(problem.flaw)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "not a path"
            self.problems.add("CMP113", f"`{source.file}` cannot be read: {said}", Place(source.file))
            return {}
        source.report(flaws, self.problems)
        if not isinstance(value, dict):
            if not flaws:
                self.problems.add(
                    "CMP107", f"`{source.file}` must hold lines such as `name: value`", Place(source.file)
                )
            return {}
        return value

    def tell(
        self, code: str, path: Layer, message: str, help: str | None = None, *, at_key: bool = False
    ) -> None:
        self.problems.add(code, message, self.place(path, at_key=at_key), help=help)

    def place(self, path: Layer, *, at_key: bool = False) -> Place:
        root = self.source.root
        top = root and path and child(root, path[0])
        return self.source.locate(top, path[1:], key=at_key) if top else Place(SETTINGS_FILE)

    def check_form(self, raw: dict[str, Any]) -> None:
        try:
            settings_form.settings_adapter().validate_python(raw)
        except ValidationError as error:
            for wrong in complaints.about_settings(error, raw):
                self.tell(wrong.code, wrong.path, wrong.message, wrong.help, at_key=wrong.at_key)

    def check(self, layer: Layer, form: dict[str, Any]) -> None:
        """What the schema cannot say, of the settings or of one environment."""
        pbx = _mapping(form.get("pbx"))
        checks = (
            (pbx, "url", _url_problem),
            (pbx, "fingerprint", _fingerprint_problem),
            (form, "state", _state_problem),
        )
        for holder, name, problem_of in checks:
            if isinstance(text := holder.get(name), str) and (problem := problem_of(text)):
                path = (*layer, "pbx", name) if holder is pbx else (*layer, name)
                self.tell("CMP115", path, *problem)
        if isinstance(file := pbx.get("ca_file"), str) and not (self.root / file).is_file():
            self.tell(
                "CMP113",
                (*layer, "pbx", "ca_file"),
                f"there is no file `{file}`",
                "paths start at the project folder",
            )
        if isinstance(timeout := pbx.get("timeout"), str) and timeout.strip("0.") == "":
            self.tell(
                "CMP115", (*layer, "pbx", "timeout"), "`timeout` must be more than 0 seconds", "timeout: 30"
            )
        if isinstance(zone := form.get("timezone"), str) and zone_named(zone) is None:
            self.tell("CMP405", (*layer, "timezone"), f"`{zone[:60]}` is not a time zone", zone_help(zone))
        if isinstance(region := form.get("region"), str) and region not in regions():
            wrong = unknown_region((*layer, "region"), region)
            self.tell(wrong.code, wrong.path, wrong.message, wrong.help)
        for name in _mapping(form.get("vars")):
            self.check_name(name, self.place((*layer, "vars", name), at_key=True))
        self.check_policy((*layer, "findings"), _mapping(form.get("findings")))
        for path, message, help in guardrails.problems(_mapping(form.get("guardrails"))):
            self.tell("CMP115", (*layer, "guardrails", *path), message, help)

    def check_policy(self, path: Layer, form: dict[str, Any]) -> None:
        """Codes that there are not, and silence for what cannot be silenced."""
        for name in ("select", "ignore"):
            listed = form.get(name)
            for at, selector in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(selector, str) and (wrong := _wrong_selector(selector, hides=name == "ignore")):
                    self.tell(wrong[0], (*path, name, at), *wrong[1:])
        for code, severity in _mapping(form.get("severity")).items():
            wrong = _wrong_selector(code, hides=severity in ("warning", "info"))
            if wrong or (wrong := no_code(code)):
                self.tell(wrong[0], (*path, "severity", code), *wrong[1:], at_key=True)

    def check_name(self, name: str, place: Place | None) -> bool:
        if _is_name(name) and name != "each":
            return True
        help = "letters, digits and _ make a name; `each` is taken by for_each"
        self.problems.add("CMP115", f"`{name[:60]}` is not a name for a var", place, help=help)
        return False

    def vars_of(self, layer: Layer) -> dict[str, object]:
        """The vars of a layer, numbers and truths as such."""
        node: Node | None = self.source.root
        for part in (*layer, "vars"):
            found = child(node, part) if node is not None and not isinstance(node, ScalarNode) else None
            node = found[1] if found else None
        given = nodes.values(node, [], typed=True) if node is not None else None
        return given if isinstance(given, dict) else {}

    def unknown_environment(self, name: str, known: Mapping[str, Any]) -> None:
        near = nearest(name, known)
        help = (
            f"did you mean `{near}`?" if near else "add it under `environments:`, or take one that is there"
        )
        listed = ", ".join(f"`{one}`" for one in known) or "none"
        place = self.place(("environments",), at_key=True)
        message = f"there is no environment `{name[:60]}`"
        self.problems.add("CMP115", message, place, note=f"the environments are: {listed}", help=help)

    def no_url(self, environments: Mapping[str, Any]) -> None:
        elsewhere = [
            name for name, form in environments.items() if "url" in _mapping(_mapping(form).get("pbx"))
        ]
        help = "pbx: {url: sandbox}, or pbx: {url: https://pbx.example.com}"
        if elsewhere:
            help = f"choose an environment with --env {elsewhere[0]}; or add {help}"
        self.tell(
            "CMP106", ("pbx",), "`pbx.url` is missing: nothing says which PBX this is for", help, at_key=True
        )

    def pbx(self, form: dict[str, Any]) -> Pbx:
        ca_file, fingerprint = form.get("ca_file"), form.get("fingerprint")
        return Pbx(
            url=form["url"].rstrip("/"),
            timeout_s=float(form.get("timeout", 30)),
            ca_file=None if ca_file is None else str(self.root / ca_file),
            fingerprint=None if fingerprint is None else _hex_only(fingerprint),
            delivery=form.get("delivery", "staged"),
            schedule_literal=form.get("schedule_literal", "schedule"),
        )

    def guardrails(self, form: dict[str, Any], environment: str | None) -> Guardrails:
        """Each with its place: that in the environment, if it has one there."""

        def place_of(path: tuple[str, ...]) -> Place:
            own: Layer = ("environments", environment or "", "guardrails", *path)
            return self.place(own if self.has(own) else ("guardrails", *path))

        return guardrails.read(form, place_of)

    def has(self, path: Layer) -> bool:
        node = self.source.root
        for part in path:
            found = child(node, part) if node is not None else None
            if found is None:
                return False
            node = found[1]
        return True

    def overrides(
        self, environ: Mapping[str, str], var_files: Sequence[str], options: Mapping[str, str]
    ) -> dict[str, object]:
        out: dict[str, object] = {}
        for full_name in sorted(environ):
            name = full_name.removeprefix(VAR_PREFIX)
            if name != full_name:
                self.take_text(out, name, environ[full_name])
        for path in var_files:
            source = Source(os.path.relpath(path, self.root), b"")  # places start at the project folder
            for name, value in self.mapping(path, source, typed=True).items():
                pair = source.root and child(source.root, name)
                if self.check_name(name, source.place_of(pair[0]) if pair else Place(source.file)):
                    out[name] = value
        for name, text in options.items():
            self.take_text(out, name, text)
        return out

    def take_text(self, out: dict[str, object], name: str, text: str) -> None:
        """A var given outside of files; the same texts are numbers and truths as inside."""
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.problems.add("CMP117", f"the var `{name[:60]}` is not UTF-8 text", None)
        elif self.check_name(name, None):
            out[name] = nodes.typed(text)


def _policy(form: dict[str, Any]) -> Policy:
    return Policy(form.get("severity", {}), tuple(form.get("select", ())), tuple(form.get("ignore", ())))


def _wrong_selector(selector: str, *, hides: bool) -> tuple[str, str, str] | None:
    """Code, message and help when a selector stands for no code, or is to hide what cannot be hidden."""
    if not codes_of(selector):
        return no_code(selector)
    return cannot(selector) if hides and not may_be_silenced(selector) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(raw: Any, layer: Layer) -> Any:
    for part in layer:
        raw = _mapping(raw).get(str(part))
    return raw


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` wins, mapping by mapping."""
    out = dict(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(out.get(name), dict)
        out[name] = _laid_over(out[name], value) if both else value
    return out


def _url_problem(url: str) -> tuple[str, str] | None:
    if url == SANDBOX:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "`url` is not a web address", _URL_HELP
    if parts.username is not None or parts.password is not None:
        return (
            "`url` must not hold credentials",
            "they come from CAMPAIGNOPS_CLIENT_ID and CAMPAIGNOPS_CLIENT_SECRET",
        )
    if parts.scheme not in ("http", "https") or not host or port == 0 or re.search(r"[\s\\]", url):
        return "`url` is not `sandbox` or a web address", _URL_HELP
    if parts.path not in ("", "/") or parts.query or parts.fragment or url.endswith(("?", "#")):
        return "`url` names the host only, without a path", f"url: {parts.scheme}://{parts.netloc}"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return (
            "`url` must begin with https://; http:// is for this machine only",
            f"url: https://{parts.netloc}",
        )
    return None


def _hex_only(fingerprint: str) -> str:
    kind, _, digits = fingerprint.partition(":")
    return f"{kind}:{digits.replace(':', '')}".lower()


def _fingerprint_problem(text: str) -> tuple[str, str] | None:
    if _is_fingerprint(_hex_only(text)):
        return None
    return "`fingerprint` must be sha256: and 64 hex digits", "the PBX's web certificate shows it as SHA-256"


def _state_problem(text: str) -> tuple[str, str] | None:
    if "://" not in text:
        return None
    return "`state` must be a path: other stores are not in this version", "state: campaignops.state.json"
