"""The PBX API over HTTP: reads requests, applies faults, writes answers. Knows no rule of any endpoint.

Page: Request Structure. Errors travel with HTTP 200; a request without a User-Agent gets no proper answer.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any, cast

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from campaignops.sandbox import control, endpoints, files, journal, wire
from campaignops.sandbox.answers import Json, failure
from campaignops.sandbox.faults import Fault
from campaignops.sandbox.files import Part
from campaignops.sandbox.pbx import Call, Pbx

VERSION = "v1.0"


def build(pbx: Pbx) -> Starlette:
    """The whole application: the API, and the control plane beside it."""
    return Starlette(
        routes=[
            Route("/openapi/{version}/{endpoint:path}", Api(pbx)),
            Mount("/_sandbox", routes=control.routes(pbx)),
        ]
    )


class Api:
    """One request in, one answer out, unless a fault is due."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        endpoint = request.path_params["endpoint"]
        try:
            call = await _read(request, endpoint)
        except ClientDisconnect:  # a request that never arrived whole is none
            return None
        with self._pbx.lock:
            seq = journal.arrived(self._pbx.store, self._pbx.clock.now(), request.method, endpoint, call)
            fault = self._pbx.faults.strike(endpoint)
            epoch = self._pbx.epoch
        if not await self._held(fault.delay_before_s, epoch):
            return await wire.reset(scope)
        body = self._work(request, call, fault) if fault.works else None
        if not await self._held(fault.delay_after_s, epoch):
            return await wire.reset(scope)
        response = None if fault.drop else _response(request, body, fault)
        self._note(seq, response, body, fault)
        if response is None:
            await wire.reset(scope)
        elif fault.truncate_at is not None:
            await _send_some(scope, send, response, fault.truncate_at)
        else:
            await response(scope, receive, send)
        return None

    async def _held(self, seconds: float, epoch: int) -> bool:
        """Wait; False when the sandbox was reset meanwhile, which forgets the requests on their way."""
        await asyncio.sleep(seconds)
        return epoch == self._pbx.epoch

    def _work(self, request: Request, call: Call, fault: Fault) -> Json | None:
        """The body of the PBX's own answer; None when the request is not one that it answers."""
        if "user-agent" not in request.headers:
            return None
        if request.path_params["version"] != VERSION:
            return endpoints.unsupported_version()
        deliveries = 2 if fault.twice else 1
        name = request.path_params["endpoint"]
        return [endpoints.answer(self._pbx, name, request.method, call) for _ in range(deliveries)][-1]

    def _note(self, seq: int, response: Response | None, body: Json | None, fault: Fault) -> None:
        errcode = fault.errcode if fault.errcode is not None else (body or {}).get("errcode")
        with self._pbx.lock:
            status = None if response is None else response.status_code
            journal.answered(self._pbx.store, seq, status, errcode)


def _response(request: Request, body: Json | None, fault: Fault) -> Response:
    if fault.status is not None:
        return HTMLResponse(fault.html, status_code=fault.status)
    if fault.errcode is not None:
        return JSONResponse(failure(fault.errcode))
    if body is None:
        return PlainTextResponse("Bad Request", status_code=400)
    return JSONResponse(body)


async def _send_some(scope: Any, send: Any, response: Response, count: int) -> None:
    """The status line, every header, and the first `count` bytes of the body."""
    await send(
        {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )
    await send({"type": "http.response.body", "body": bytes(response.body)[:count], "more_body": True})
    await wire.hang_up(scope)


async def _read(request: Request, endpoint: str) -> Call:
    """The request as the PBX sees it; a body that is not what its Content-Type says is `broken`."""
    call = Call(query=dict(request.query_params), address=request.client.host if request.client else "")
    if request.method == "GET":
        return call
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if endpoint == endpoints.UPLOAD:
        return (
            await _read_form(request, call) if kind == "multipart/form-data" else replace(call, broken=True)
        )
    raw = await request.body()
    return _read_json(raw, call) if kind == "application/json" else replace(call, broken=True)


def _read_json(raw: bytes, call: Call) -> Call:
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        body = None
    return replace(call, body=body) if isinstance(body, dict) else replace(call, broken=True)


async def _read_form(request: Request, call: Call) -> Call:
    try:
        async with request.form() as form:
            parts = tuple(_part(field, value) for field, value in form.multi_items())
    except HTTPException:
        return replace(call, broken=True)
    return replace(call, files=parts)


def _part(field: str, value: UploadFile | str) -> Part:
    if isinstance(value, str):  # a part without a filename is no file
        return Part(f"{field} without filename", "", "text/plain", len(value), "")
    return files.part(field, value.filename or "", value.content_type, cast(Any, value.file))
