"""The sample project and what `campaignops init` writes: no finding, and the sandbox knows every name in them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from campaignops import __version__, manifest, sandbox
from campaignops.model import Asset, At, Campaign, Draft, Now, Numbers, files_of
from campaignops.pbx.address import Address
from campaignops.pbx.catalog import Catalog
from campaignops.pbx.client import Client
from tests.command_line import run

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "campaigns"
NEW_PROJECT = ROOT / "campaignops" / "cli" / "new_project"
WORKFLOW = NEW_PROJECT / "github" / "workflows" / "campaigns.yml"
ACTION = NEW_PROJECT / "github" / "actions" / "campaignops" / "action.yml"
SCHEMAS = {
    "campaign.schema.json": manifest.manifest_schema(),
    "settings.schema.json": manifest.settings_schema(),
}
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def campaigns_of(folder: Path, environment: str | None = None) -> dict[str, Campaign]:
    """The campaigns of a folder in which nothing is wrong."""
    desired = manifest.read(manifest.load_project(folder, environment))
    campaigns = {campaign.key: campaign for campaign in desired}
    assert desired.findings == []
    return campaigns


def yaml_of(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.fixture
def new_project(tmp_path: Path) -> Path:
    """What `campaignops init` writes."""
    assert run("init", str(tmp_path)).code == 0
    return tmp_path


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    """The names that the sandbox knows."""
    with sandbox.start() as pbx:
        client = Client(Address(pbx.url), pbx.client_id, pbx.client_secret)
        yield Catalog(client)
        client.close()


# the three worked examples


def test_the_sample_is_the_three_worked_examples():
    campaigns = campaigns_of(SAMPLE)
    said = {key: (c.type, c.name, type(c.send)) for key, c in campaigns.items()}
    assert said == {
        "summer-sale": ("sms", "SummerSale202507", At),
        "summer-flyer": ("sms", "summer-flyer", Draft),
        "exclusive-discount": ("whatsapp", "Exclusive Discount Alert", Now),
    }
    people = {k: len(c.audience.numbers) for k, c in campaigns.items() if isinstance(c.audience, Numbers)}
    assert people == {"summer-sale": 3, "summer-flyer": 12}
    assert campaigns["summer-sale"].send == At(1911657960, "Europe/Berlin")


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_sample_holds_in_every_environment(environment):
    assert campaigns_of(SAMPLE, environment).keys() == campaigns_of(SAMPLE).keys()


def test_every_environment_keeps_a_state_of_its_own():
    projects = [manifest.load_project(SAMPLE, name) for name in (None, "staging", "production")]
    assert len({project.state_path for project in projects}) == len(projects)


@pytest.mark.parametrize("key", ["summer-sale", "summer-flyer", "exclusive-discount"])
def test_the_sandbox_knows_every_name_of_the_sample(key, catalog):
    campaign = campaigns_of(SAMPLE)[key]
    resolved, findings = catalog.resolve(campaign, lambda campaign, _: campaign.place)
    assert findings == ()
    assert resolved is not None


def test_the_skipped_example_holds_once_its_underscore_is_gone(tmp_path, catalog):
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    (skipped,) = tmp_path.glob("_*.yaml")
    skipped.rename(tmp_path / skipped.name[1:])
    added = {k: c for k, c in campaigns_of(tmp_path).items() if k not in campaigns_of(SAMPLE)}
    assert list(added) == ['new-hours["en"]', 'new-hours["de"]']
    for campaign in added.values():
        assert catalog.resolve(campaign, lambda campaign, _: campaign.place)[1] == ()


# what editors see


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_beside_the_sample_is_current(name):
    text = json.dumps(SCHEMAS[name], indent=2, ensure_ascii=False) + "\n"
    assert (SAMPLE / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", sorted(SAMPLE.glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_of_the_sample_names_its_schema_and_fits_it(path):
    named = MODELINE.match(path.read_text(encoding="utf-8"))
    assert named, "the first line names the schema"
    assert named[1] == f"./{'settings' if path.name == 'campaignops.yaml' else 'campaign'}.schema.json"
    schema = json.loads((path.parent / named[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(yaml_of(path))) == []


# the files that manifests name


def test_the_picture_is_a_small_whole_jpeg_without_metadata():
    data = (SAMPLE / "assets/demo.jpeg").read_bytes()
    assert data.startswith(b"\xff\xd8\xff")
    assert data.endswith(b"\xff\xd9")
    assert b"Exif\0" not in data
    assert len(data) < 40 * 1024


@pytest.mark.parametrize("key", ["summer-flyer", "exclusive-discount"])
def test_the_picture_is_taken_for_what_it_is(key):
    (file,) = files_of(campaigns_of(SAMPLE)[key].message)
    assert isinstance(file, Asset)
    assert file.media_type == "image/jpeg"


def test_the_list_of_people_has_each_number_once_and_only_numbers_that_reach_nobody():
    with (SAMPLE / "audiences/vip.csv").open(encoding="utf-8", newline="") as file:
        numbers = [row["phone"] for row in csv.DictReader(file)]
    assert len(numbers) == len(set(numbers)) == 12
    # The ranges that the authorities keep free for films, books and tests.
    kept_free = re.compile(
        r"\+1\d{3}55501\d\d|\+447700900\d{3}|\+61491570(006|1\d\d)|\+33639980\d{3}|\+4917139200\d\d"
    )
    assert [number for number in numbers if not kept_free.fullmatch(number)] == []


# a new project


def test_a_new_project_holds_and_texts_nobody(new_project, catalog):
    (campaign,) = campaigns_of(new_project).values()
    assert campaign.send == Draft()
    assert manifest.load_project(new_project).pbx.url == "sandbox"
    assert catalog.resolve(campaign, lambda campaign, _: campaign.place)[1] == ()
    assert campaigns_of(new_project, "production").keys() == {campaign.key}


def test_a_new_project_fits_the_schemas():
    for name, schema in (("welcome.yaml", "campaign"), ("campaignops.yaml", "settings")):
        validator = jsonschema.Draft202012Validator(SCHEMAS[f"{schema}.schema.json"])
        assert list(validator.iter_errors(yaml_of(NEW_PROJECT / name))) == []


def test_git_ignores_what_can_be_made_again_and_the_state_which_has_a_branch_of_its_own():
    lines = (NEW_PROJECT / "gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    state = [
        "*.state.json",
        "*.state.json.journal",
        "*.state.json.lock",
        "*.state.json.tmp-*",
        "*.state.json.backup",
    ]
    assert patterns == [".campaignops/", *state]
    settings = (NEW_PROJECT / "campaignops.yaml").read_text(encoding="utf-8")
    assert "keeps this file on a branch of its own" in settings, "and nothing there says to commit it"


def test_the_workflow_gives_secrets_and_rights_only_where_they_are_needed():
    workflow = yaml_of(WORKFLOW)
    jobs = workflow["jobs"]
    assert "pull_request_target" not in WORKFLOW.read_text(encoding="utf-8")
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "review": {"contents": "read", "pull-requests": "write"},
        "plan": {"contents": "read"},
        "apply": {"contents": "write", "pull-requests": "write"},
    }
    assert "secrets." not in str(jobs["review"])
    assert [jobs[name].get("environment") for name in ("review", "plan", "apply")] == [
        None, "production-plan", "production",
    ]  # fmt: skip
    assert jobs["apply"]["concurrency"]["cancel-in-progress"] is False


def test_the_workflow_pins_every_action_and_leaves_no_token_behind():
    steps = [step for job in yaml_of(WORKFLOW)["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) or each.startswith("./") for each in used)
    kept = [step["with"]["persist-credentials"] for step in steps if "checkout" in step["uses"]]
    assert kept == [False] * 3


def test_the_action_installs_this_version_and_puts_no_expression_into_a_script():
    action = yaml_of(ACTION)
    assert action["inputs"]["version"]["default"] == __version__.rpartition(".")[0] + ".*"
    scripts = [step["run"] for step in action["runs"]["steps"]]
    assert not [script for script in scripts if "${{" in script]


def test_the_action_of_this_repository_is_the_one_that_projects_get():
    assert (ROOT / ".github/actions/campaignops").resolve() == ACTION.parent
