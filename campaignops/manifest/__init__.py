"""Files -> desired campaigns. In reading order:

settings     campaignops.yaml -> Project
walk         which files are manifests
source       one file: bytes, nodes, and the place of anything in it; template: `*.yaml.j2`, rendered first
characters   what misleads whoever reads a file; comments: what silences a finding
nodes        YAML -> nodes -> plain values, within bounds; flaws: what is wrong with the YAML
shared       what campaigns have in common: vars and defaults of a file and its folders; reading: looks into a file
document     one manifest: campaigns, for_each
render       Jinja in values; expressions: the fence round it; included: files to import from; filters: our own
schema       the written form; complaints: what is wrong with it, in the author's words; published: for editors
build        the written form -> model.Campaign; times, assets; recipients, tables
desired      all of them, one after another
"""

from campaignops.manifest.desired import Desired, read
from campaignops.manifest.published import manifest_schema, settings_schema
from campaignops.manifest.settings import load_project, read_mapping

__all__ = ["Desired", "load_project", "manifest_schema", "read", "read_mapping", "settings_schema"]
