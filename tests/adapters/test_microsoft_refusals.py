"""Refusals of Graph by their code: what the caller does next. Pure.

Not here: the wire (test_microsoft_client), parts of a batch (test_microsoft_batch).
"""

import json
from typing import Any

import pytest

from adapters.microsoft.refusals import (
    TABLE,
    Asked,
    Barred,
    Missing,
    Overtaxed,
    Refusal,
    Repeated,
    Resting,
    read_refusal,
)
from syncd.errors import (
    AdapterError,
    AuthRevoked,
    CursorExpired,
    Exists,
    Forbidden,
    Rejected,
    Stale,
    Throttled,
    Transient,
)

ITEM, WHOLE, READ = Asked("a write", "one", writes=True), Asked("a listing"), Asked("a listing", token=True)


def body(code: str, **more: Any) -> bytes:
    return json.dumps({"error": {"code": code, "message": "Anna's dentist", **more}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "asked", "error"),
    [
        (400, "ErrorInvalidRequest", ITEM, Rejected),
        (400, "ErrorPropertyValidationFailure", ITEM, Rejected),
        (400, "ErrorInvalidIdMalformed", ITEM, Rejected),
        (400, "RequestBodyRead", WHOLE, Transient),
        (400, "ErrorInvalidRequest", READ, CursorExpired),
        (401, "InvalidAuthenticationToken", ITEM, AuthRevoked),
        (401, "unheardOf", WHOLE, AuthRevoked),
        (403, "ErrorAccessDenied", ITEM, Barred),
        (403, "ErrorAccessDenied", WHOLE, Forbidden),
        (403, "unheardOf", ITEM, Rejected),
        (404, "ErrorItemNotFound", ITEM, Missing),
        (404, "ErrorItemNotFound", READ, CursorExpired),
        (404, "MailboxNotEnabledForRESTAPI", ITEM, Forbidden),
        (404, "MailboxNotEnabledForRESTAPI", READ, Forbidden),
        (404, "ResourceNotFound", WHOLE, Missing),
        (400, "ErrorDuplicateTransactionId", ITEM, Repeated),
        (409, "ErrorDuplicateTransactionId", ITEM, Repeated),
        (409, "ErrorIrresolvableConflict", ITEM, Stale),
        (412, "ErrorIrresolvableConflict", ITEM, Stale),
        (412, "unheardOf", ITEM, Stale),
        (409, "ConcurrentItemSave", ITEM, Transient),
        (409, "ErrorFolderExists", WHOLE, Exists),
        (410, "SyncStateNotFound", READ, CursorExpired),
        (410, "syncstatenotfound", WHOLE, CursorExpired),
        (410, "resyncRequired", WHOLE, CursorExpired),
        (410, "unheardOf", READ, CursorExpired),
        (429, "ApplicationThrottled", ITEM, Throttled),
        (429, "unheardOf", WHOLE, Throttled),
        (507, "ErrorQuotaExceeded", ITEM, Resting),
        (403, "ErrorQuotaExceeded", ITEM, Resting),
        (507, "unheardOf", ITEM, Resting),
        (424, "FailedDependency", ITEM, Transient),
        (500, "UnknownError", ITEM, Overtaxed),
        (503, "ServiceUnavailable", WHOLE, Overtaxed),
        (504, "unheardOf", READ, Overtaxed),
        (418, "unheardOf", ITEM, Rejected),
    ],
)
def test_each_code_is_what_the_caller_does_next(
    status: int, code: str, asked: Asked, error: type[AdapterError]
) -> None:
    made = read_refusal(status, body(code)).error(asked, 7.0)
    assert type(made) is error
    assert (made.side, made.ref) == ("external", asked.ref)
    assert "dentist" not in f"{made} {made.hint}"


@pytest.mark.parametrize("code", [code for code, row in TABLE.items() if Forbidden in (row.error, row.alone)])
def test_what_a_person_must_repair_comes_with_the_repair(code: str) -> None:
    made = Refusal(403, code).error(WHOLE, 1.0)
    assert isinstance(made, Forbidden)
    assert made.hint
    assert made.code == code


@pytest.mark.parametrize(("status", "applied"), [(500, True), (503, True), (504, True), (424, False), (423, False)])
def test_a_write_that_failed_at_microsoft_may_have_been_applied(status: int, applied: bool) -> None:
    made = Refusal(status).error(ITEM, 1.0)
    assert isinstance(made, Transient)
    assert made.applied is applied
    read = Refusal(status).error(WHOLE, 1.0)
    assert isinstance(read, Transient)
    assert not read.applied


def test_a_code_inside_counts_where_the_one_outside_says_nothing() -> None:
    inner = {"code": "ErrorItemNotFound", "date": "2026-11-20T08:00:00"}
    assert read_refusal(404, body("UnknownError", innerError=inner)) == Refusal(404, "ErrorItemNotFound")
    deep = {"innererror": {"innererror": {"code": "ERRORACCESSDENIED"}}}
    assert type(read_refusal(403, body("generalException", **deep)).error(ITEM, 1.0)) is Barred


@pytest.mark.parametrize(
    "more",
    [
        {"@event.existingEventId": "AAk="},
        {"existingEventId": "AAk="},
        {"innerError": {"existingEventId": "AAk="}},
    ],
)
def test_the_event_that_a_repeated_create_made_is_told_where_the_answer_names_it(more: dict[str, Any]) -> None:
    made = read_refusal(400, body("ErrorDuplicateTransactionId", **more)).error(ITEM, 1.0)
    assert isinstance(made, Repeated)
    assert made.existing == "AAk="


@pytest.mark.parametrize(
    "content", [b"", b"<html>Anna</html>", b"[]", b'{"error": "text"}', b'{"error": {"code": ["Anna"]}}', b"\xff"]
)
def test_an_answer_in_another_envelope_says_its_status_alone(content: bytes) -> None:
    assert read_refusal(502, content) == Refusal(502)
