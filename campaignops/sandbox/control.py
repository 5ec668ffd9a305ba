"""The control plane under `/_sandbox`: what tests see and steer. No PBX has any of this; it is no part of the API.

    GET  /_sandbox/ledger          {"ledger": [row, …]}; ?campaign_id=N for one campaign
    GET  /_sandbox/requests        {"requests": [entry, …]}, in order, secrets blanked
    GET  /_sandbox/status          {"now", "offset_s", "personality", "tokens_alive", "tokens_alive_peak",
                                    "faults_waiting"}
    POST /_sandbox/faults          one rule or a list of them (see faults.py)     {"waiting": n}
    POST /_sandbox/clock           {"advance": seconds}                           {"now": Unix seconds}
    POST /_sandbox/personality     {switch: value, …}                             {"personality": {…}}
    POST /_sandbox/tokens          {"expire": true}: every access token ends now  {"tokens_alive": 0}
    POST /_sandbox/reset           {} or {"seed": {…}, "personality": {…}}        {"reset": true}

A request that makes no sense answers HTTP 400 with {"error": text}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaignops.sandbox import faults, journal, ledger
from campaignops.sandbox.answers import Json
from campaignops.sandbox.pbx import Pbx

Act: TypeAlias = Callable[[Pbx, Any], Json]


def routes(pbx: Pbx) -> list[Route]:
    """The endpoints above, for one sandbox."""
    reads = {"ledger": _ledger, "requests": _requests, "status": _status}
    writes = {
        "faults": _faults, "clock": _clock, "personality": _personality, "tokens": _tokens, "reset": _reset,
    }  # fmt: skip
    return [
        *(Route(f"/{name}", _route(pbx, act), methods=["GET"]) for name, act in reads.items()),
        *(Route(f"/{name}", _route(pbx, act), methods=["POST"]) for name, act in writes.items()),
    ]


def _route(pbx: Pbx, act: Act) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        try:
            raw = await request.body()
            given = json.loads(raw or b"{}") if request.method == "POST" else dict(request.query_params)
            with pbx.lock:
                return JSONResponse(act(pbx, given))
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)

    return respond


def _ledger(pbx: Pbx, given: Mapping[str, str]) -> Json:
    pbx.settle()
    campaign_id = int(given["campaign_id"]) if "campaign_id" in given else None
    return {"ledger": ledger.read(pbx.store, campaign_id)}


def _requests(pbx: Pbx, given: object) -> Json:
    return {"requests": journal.read(pbx.store)}


def _status(pbx: Pbx, given: object) -> Json:
    return {
        "now": pbx.clock.now(),
        "offset_s": pbx.clock.offset_s,
        "personality": pbx.personality.as_dict(),
        "tokens_alive": pbx.tokens.alive,
        "tokens_alive_peak": pbx.tokens.alive_peak,
        "faults_waiting": len(pbx.faults),
    }


def _faults(pbx: Pbx, given: Json | list[Json]) -> Json:
    for fault in [faults.parse(rule) for rule in (given if isinstance(given, list) else [given])]:
        pbx.faults.add(fault)
    return {"waiting": len(pbx.faults)}


def _clock(pbx: Pbx, given: Json) -> Json:
    return {"now": pbx.clock.advance(float(given["advance"]))}


def _personality(pbx: Pbx, given: Json) -> Json:
    pbx.change(given)
    return {"personality": pbx.personality.as_dict()}


def _tokens(pbx: Pbx, given: Json) -> Json:
    if given["expire"] is True:
        pbx.tokens.expire_all()
    return {"tokens_alive": pbx.tokens.alive}


def _reset(pbx: Pbx, given: Json) -> Json:
    pbx.reset(given.get("seed"), given.get("personality"))
    return {"reset": True}
