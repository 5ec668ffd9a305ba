"""`campaignops explain [CODE]`: what a finding means and how to put it right; without a code, all of them."""

from __future__ import annotations

import argparse
from importlib import resources
from itertools import groupby
from typing import Any

from campaignops.cli.entry import Failure
from campaignops.cli.screen import Screen
from campaignops.errors import UsageError
from campaignops.findings import TITLES, family_of, nearest_code


def run(args: argparse.Namespace, shown: Screen, failure: Failure) -> int:
    """Needs no project: somebody may read up on a finding of a pipeline anywhere."""
    if args.code is None:
        if shown.json:
            codes = [{"code": c, "title": t, "family": family_of(c)} for c, t in TITLES.items()]
            shown.document(_document(codes=codes))
        else:
            shown.answer(_listed())
        return 0
    code = _known(args.code)
    if shown.json:
        shown.document(_document(code=code, title=TITLES[code], page=page(code)))
    else:
        shown.answer(page(code))
    return 0


def page(code: str) -> str:
    """The page of a code, in Markdown."""
    return resources.files("campaignops").joinpath("explanations", f"{code}.md").read_text("utf-8")


def _document(**said: Any) -> dict[str, Any]:
    from campaignops.report.plan_json import SCHEMA_VERSION

    return {"schema_version": SCHEMA_VERSION, "kind": "explain", **said}


def _listed() -> str:
    families = (
        f"{family}\n" + "".join(f"  {code}  {TITLES[code]}\n" for code in codes)
        for family, codes in groupby(TITLES, family_of)
    )
    return "\n".join([*families, "campaignops explain CODE shows an example of it, and the way out.\n"])


def _known(word: str) -> str:
    """The code that somebody typed, `cmp105` and `105` as well. Raises UsageError with the nearest one."""
    code = word.upper()
    code = f"CMP{code}" if code.isdecimal() else code
    if code in TITLES:
        return code
    near = nearest_code(code)
    advice = f"did you mean {near}, {TITLES[near]}?" if near else "`campaignops explain` lists them all"
    raise UsageError(f"there is no finding `{word}`; {advice}")
