"""What the views of uploads take and answer, as OpenAPI has it."""

from __future__ import annotations

from config import Settings
from har import errors
from har.web import parameters
from har.web.answers import Operation, as_json, header, keyed, problems
from har.web.json_schema import ref
from har.web.refusals import ANY, LONG, UPLOAD


def begin(settings: Settings) -> Operation:
    follow = {name: {"id": "$response.body#/id"} for name in ("show", "append", "remove")}
    refusals = {errors.BadOption, errors.KeyNeeded, errors.CrossSite, errors.TooManyRequests}
    refusals |= {errors.TusVersion, errors.QueueFull, errors.DiskFull}
    told = {
        "Location": header("The upload's address.", "string"),
        "Tus-Resumable": header("`1.0.0`", "string"),
    }
    return {
        "description": "By the protocol [tus](https://tus.io/protocols/resumable-upload) 1.0.0 "
        "with its extensions creation, expiration and termination. Once all of it is there, send "
        "its id as `upload` to `POST /jobs` or `POST /predict`.",
        "parameters": [
            parameters.TUS,
            parameters.upload_length(settings),
            parameters.UPLOAD_METADATA,
        ],
        **keyed(settings),
        "responses": {
            "201": {
                **as_json("Nothing of it is there yet.", ref("Upload")),
                "headers": {**told, **_progress()},
                "links": {
                    name: {"operationId": f"uploads_{name}", "parameters": found}
                    for name, found in follow.items()
                },
            },
            **problems(ANY | refusals),
        },
    }


def offset() -> Operation:
    length = {"Upload-Length": header("Its bytes, in the end.", "integer")}
    answers = {
        status: {"description": answer["description"]}
        for status, answer in problems(UPLOAD).items()
    }
    return {
        "parameters": [parameters.UPLOAD, parameters.TUS],
        "responses": {
            "200": {"description": "The headers tell.", "headers": {**_progress(), **length}},
            **answers,
        },
    }


def append() -> Operation:
    refusals = {errors.BadOption, errors.NotAPart, errors.WrongOffset, errors.DiskFull}
    return {
        "description": "What came before the line broke is kept: ask where to go on.",
        "parameters": [parameters.UPLOAD, parameters.TUS, parameters.UPLOAD_OFFSET],
        "requestBody": parameters.PART,
        "responses": {
            "204": {"description": "It is stored.", "headers": _progress()},
            **problems(LONG | UPLOAD | refusals | {errors.CrossSite}),
        },
    }


def _progress() -> Operation:
    return {
        "Upload-Offset": header("Its bytes so far, where the next part begins.", "integer"),
        "Upload-Expires": header("When it is removed, unless more comes.", "string"),
    }
