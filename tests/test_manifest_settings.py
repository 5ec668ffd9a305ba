"""campaignops.yaml, environments, overrides."""

from __future__ import annotations

import pytest

from campaignops import manifest
from campaignops.errors import ProjectError
from campaignops.findings import Finding
from campaignops.project import Pbx, Project
from tests.manifest_folder import places, project_of, write

FULL = """\
pbx:
  url: https://pbx.example.com:8088/
  timeout: 2.5
  ca_file: certs/pbx.pem
  fingerprint: "sha256:AB:{rest}"
  delivery: direct
  schedule_literal: scheduled
state: states/main.json
timezone: Europe/Berlin
vars: {{brand: SmartMal, n: 3}}
guardrails: {{}}
environments:
  staging:    {{pbx: {{url: https://staging.example.com}}, state: staging.json, vars: {{brand: Test}}}}
  production: {{pbx: {{url: https://pbx.example.com}},     state: production.json}}
""".format(rest="0" * 62)


def refused(root, settings, **kwargs) -> list[Finding]:
    with pytest.raises(ProjectError) as caught:
        project_of(root, settings, **kwargs)
    return list(caught.value.findings)


def test_everything_that_can_be_set(tmp_path):
    write(tmp_path, **{"certs/pbx.pem": "x"})
    root = tmp_path.resolve()
    assert project_of(tmp_path, FULL) == Project(
        root=root,
        environment=None,
        pbx=Pbx(
            "https://pbx.example.com:8088",
            2.5,
            f"{root}/certs/pbx.pem",
            "sha256:ab" + "0" * 62,
            "direct",
            "scheduled",
        ),
        state="states/main.json",
        timezone="Europe/Berlin",
        vars={"brand": "SmartMal", "n": 3},
        overrides={},
        max_recipients=1000,
    )


def test_an_environment_lies_over_the_rest_deeply(tmp_path):
    write(tmp_path, **{"certs/pbx.pem": "x"})
    project = project_of(tmp_path, FULL, environment="staging")
    assert (project.environment, project.state, project.timezone) == (
        "staging",
        "staging.json",
        "Europe/Berlin",
    )
    assert (project.pbx.url, project.pbx.timeout_s) == ("https://staging.example.com", 2.5)
    assert project.vars == {"brand": "Test", "n": 3}


def test_the_environment_can_come_from_the_environment(tmp_path):
    write(tmp_path, **{"certs/pbx.pem": "x"})
    environ = {"CAMPAIGNOPS_ENV": "staging"}
    assert project_of(tmp_path, FULL, environ=environ).environment == "staging"
    assert project_of(tmp_path, FULL, environ=environ, environment="production").environment == "production"


def test_what_is_left_out_has_a_default(tmp_path):
    assert project_of(tmp_path) == Project(tmp_path.resolve())


def test_texts_from_outside_are_typed_as_inside(tmp_path):
    project = project_of(
        tmp_path, overrides={"a": "5", "b": "true", "c": "05"}, environ={"CAMPAIGNOPS_VAR_d": "-1"}
    )
    assert project.overrides == {"a": 5, "b": True, "c": "05", "d": -1}


SETTINGS = [
    ("pbx:\n  url: ftp://pbx.example.com", [("CMP115", 2, 8)], "not `sandbox` or a web address"),
    ("pbx:\n  url: pbx.example.com", [("CMP115", 2, 8)], "not `sandbox` or a web address"),
    ("pbx:\n  url: https://", [("CMP115", 2, 8)], "not `sandbox` or a web address"),
    ("pbx:\n  url: https://pbx.example.com:99999", [("CMP115", 2, 8)], "not a web address"),
    ("pbx:\n  url: https://[::1", [("CMP115", 2, 8)], "not a web address"),
    ("pbx:\n  url: https://pbx.example.com/openapi/v1.0", [("CMP115", 2, 8)], "without a path"),
    ("pbx:\n  url: https://pbx.example.com?x=1", [("CMP115", 2, 8)], "without a path"),
    ("pbx:\n  url: http://pbx.example.com", [("CMP115", 2, 8)], "must begin with https://"),
    ("pbx:\n  url: http://127.0.0.1.example.com", [("CMP115", 2, 8)], "must begin with https://"),
    ("pbx:\n  url: https://me:secret@pbx.example.com", [("CMP115", 2, 8)], "must not hold credentials"),
    ("pbx: {url: sandbox, fingerprint: abc}", [("CMP115", 1, 34)], "sha256: and 64 hex digits"),
    ("pbx: {url: sandbox, timeout: 0}", [("CMP115", 1, 30)], "more than 0 seconds"),
    ("pbx: {url: sandbox, timeout: soon}", [("CMP107", 1, 30)], "a number of seconds"),
    ("pbx: {url: sandbox, delivery: drect}", [("CMP109", 1, 31)], "`staged` or `direct`"),
    ("pbx: {url: sandbox, ca_file: no.pem}", [("CMP113", 1, 30)], "there is no file `no.pem`"),
    ("pbx: {url: sandbox, verify: false}", [("CMP104", 1, 21)], "unknown key `verify`"),
    ("pbx: sandbox", [("CMP107", 1, 6)], "written such as {url: sandbox}"),
    (
        "pbx: {url: sandbox}\nguardrails:\n  max_recipients: many",
        [("CMP107", 3, 19)],
        "a number of people, or {per_campaign: 1000",
    ),
    ("pbx: {url: sandbox}\ntimezone: Berlin", [("CMP405", 2, 11)], "not a time zone"),
    ("pbx: {url: sandbox}\nstate: s3://bucket/x", [("CMP115", 2, 8)], "must be a path"),
    ("pbx: {url: sandbox}\nvars: {a-b: 1}", [("CMP115", 2, 8)], "not a name for a var"),
    ("pbx: {url: sandbox}\nvars: [a]", [("CMP107", 2, 1)], "`vars` must be names with values"),
    ("pbx: {url: sandbox}\nstat: x", [("CMP104", 2, 1)], "unknown key `stat`"),
    ("pbx: {url: sandbox}\npbx: {url: sandbox}", [("CMP103", 2, 1)], "duplicate key"),
    ("pbx: {url: sandbox}\nenvironments:\n  a: {pbx: {url: x}}", [("CMP115", 3, 18)], "web address"),
    ("pbx: {url: sandbox}\nenvironments:\n  a: {timezon: x}", [("CMP104", 3, 7)], "unknown key `timezon`"),
    ("pbx: {url: sandbox}\nenvironments:\n  a: {guardrails: {x: 1}}", [("CMP104", 3, 20)], "unknown key `x`"),
    ("state: a.json", [("CMP106", 1, 1)], "`pbx.url` is missing"),
    ("pbx: {delivery: staged}", [("CMP106", 1, 1)], "`pbx.url` is missing"),
    ("", [("CMP106", 1, 1)], "`pbx.url` is missing"),
    ("[a]", [("CMP107", 1, 1)], "must hold lines such as"),
    ("pbx: [", [("CMP101", 1, 6)], "a value cannot begin with this character"),
]


@pytest.mark.parametrize(("settings", "expected", "said"), SETTINGS, ids=range(len(SETTINGS)))
def test_wrong_settings_are_found_at_their_place(tmp_path, settings, expected, said):
    findings = refused(tmp_path, settings)
    assert places(findings)[: len(expected)] == expected
    assert said in findings[0].message
    assert all(f.place and f.place.file == "campaignops.yaml" for f in findings)
    assert "secret" not in str(findings)


@pytest.mark.parametrize(
    "url", ["sandbox", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:80", "https://a"]
)
def test_these_addresses_are_fine(tmp_path, url):
    assert project_of(tmp_path, f'pbx: {{url: "{url}"}}').pbx.url == url


def test_several_problems_are_told_together(tmp_path):
    findings = refused(tmp_path, "pbx: {url: x, delivery: y}\ntimezone: z\nguardrails: {a: 1}\nfoo: 1")
    assert places(findings) == [
        ("CMP115", 1, 12), ("CMP109", 1, 25), ("CMP405", 2, 11), ("CMP104", 3, 14), ("CMP104", 4, 1)
    ]  # fmt: skip


def test_an_unknown_environment_names_the_known_ones(tmp_path):
    settings = "pbx: {url: sandbox}\nenvironments: {staging: {}, production: {}}"
    (finding,) = refused(tmp_path, settings, environment="stagin")
    assert (finding.code, str(finding.place)) == ("CMP115", "campaignops.yaml:2:1")
    assert finding.help == "did you mean `staging`?"
    assert finding.note == "the environments are: `staging`, `production`"


def test_an_address_that_only_environments_have_names_the_option(tmp_path):
    settings = "environments: {staging: {pbx: {url: sandbox}}}"
    (finding,) = refused(tmp_path, settings)
    assert "--env staging" in str(finding.help)
    assert project_of(tmp_path, settings, environment="staging").pbx.url == "sandbox"


@pytest.mark.parametrize(
    ("kwargs", "code"),
    [
        ({"overrides": {"a-b": "1"}}, "CMP115"),
        ({"overrides": {"each": "1"}}, "CMP115"),
        ({"overrides": {"a": "\udcff"}}, "CMP117"),
        ({"environ": {"CAMPAIGNOPS_VAR_": "1"}}, "CMP115"),
        ({"var_files": ["/nowhere/x.yaml"]}, "CMP113"),
        ({"var_files": ["\0"]}, "CMP113"),
    ],
)
def test_wrong_overrides_are_findings(tmp_path, kwargs, code):
    assert [f.code for f in refused(tmp_path, "pbx: {url: sandbox}", **kwargs)] == [code]


def test_a_wrong_var_file_is_found_in_it(tmp_path):
    path = tmp_path / "vars.txt"
    path.write_text("a: 1\nb-c: 2\n")
    (finding,) = refused(tmp_path, "pbx: {url: sandbox}", var_files=[str(path)])
    assert (finding.code, finding.place and (finding.place.line, finding.place.column)) == ("CMP115", (2, 1))


def test_absent_settings_are_a_finding(tmp_path):
    with pytest.raises(ProjectError) as caught:
        manifest.load_project(tmp_path)
    assert [f.code for f in caught.value.findings] == ["CMP113"]
