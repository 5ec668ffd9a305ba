"""Files -> desired campaigns. In reading order:

settings     campaignops.yaml -> Project; own_rules: the company's rules in it
walk         which files are manifests
source       one file: bytes, nodes, and the place of anything in it; yaml/: what YAML is here; reading: looks into it
characters   what misleads whoever reads a file; comments: what silences a finding
shared       what campaigns have in common: vars and defaults of a file and its folders
document     one manifest: campaigns, for_each; jinja/: expressions and templates
form/        the written form, and what is wrong with it in the author's words
build        the written form -> model.Campaign; times, assets (inside: no file from elsewhere), recipients/
desired      all of them, one after another; problems: their findings
writing      and back: a campaign of the PBX -> a manifest
"""

from campaignops.manifest.desired import Desired, read
from campaignops.manifest.form.published import manifest_schema, settings_schema
from campaignops.manifest.settings import load_project, read_mapping

__all__ = ["Desired", "load_project", "manifest_schema", "read", "read_mapping", "settings_schema"]
