"""transactionId: what a repeated create finds, and what its switches make of the open questions."""

import httpx
import pytest

from tests.sandbox.microsoft.site import Site, draft, event_path


def test_the_same_body_again_is_the_same_event(microsoft: Site) -> None:
    first = microsoft.create(transactionId="t1")
    assert first["transactionId"] == "t1"
    reply = microsoft.call("POST", "/me/events", json=draft(transactionId="t1"))
    assert (reply.status_code, reply.json()["id"]) == (201, first["id"])
    assert len(microsoft.hands.events()) == 1


def test_the_answer_to_a_repeat_is_the_event_as_it_is(microsoft: Site) -> None:
    first = microsoft.create(transactionId="t1")
    microsoft.patch(first["id"], subject="Theirs")
    assert microsoft.create(transactionId="t1")["subject"] == "Theirs"


@pytest.mark.parametrize("status", ["400", "409"])
@pytest.mark.parametrize("named", [True, False])
def test_another_body_under_the_same_id_is_refused(microsoft: Site, status: str, named: bool) -> None:
    microsoft.switch(transaction_status=status, transaction_names_event=named)
    first = microsoft.create(transactionId="t1")
    refusal = microsoft.refused_draft(transactionId="t1", subject="Other")
    assert (refusal.status, refusal.code) == (int(status), "ErrorDuplicateTransactionId")
    existing = refusal.error.get("@event.existingEventId")
    assert (existing is not None) == named
    if existing is not None:
        assert microsoft.event(existing)["id"] == first["id"]
    assert len(microsoft.hands.events()) == 1


def test_ids_of_different_mailboxes_are_apart(microsoft: Site) -> None:
    microsoft.create(transactionId="t1")
    theirs = microsoft.post("/me/events", draft(transactionId="t1", subject="Other"), email="bert@contoso.example")
    assert theirs["subject"] == "Other"


@pytest.mark.parametrize(("switch", "outcome"), [("refused", 400), ("free", 201), ("same", 201)])
def test_an_id_whose_event_was_deleted(microsoft: Site, switch: str, outcome: int) -> None:
    microsoft.switch(transaction_after_delete=switch)
    first = microsoft.create(transactionId="t1")
    microsoft.delete(first["id"])
    reply = microsoft.call("POST", "/me/events", json=draft(transactionId="t1"))
    assert reply.status_code == outcome
    assert len(microsoft.hands.events()) == (1 if switch == "free" else 0)
    if switch == "same":
        assert reply.json()["id"] == first["id"]


def test_an_id_may_be_forgotten(microsoft: Site) -> None:
    microsoft.switch(transaction_days=1)
    microsoft.create(transactionId="t1")
    microsoft.clock.advance(86_399)
    microsoft.create(transactionId="t1")
    assert len(microsoft.hands.events()) == 1
    microsoft.clock.advance(1)
    microsoft.create(transactionId="t1")
    assert len(microsoft.hands.events()) == 2


def test_an_id_cannot_be_changed(microsoft: Site) -> None:
    event = microsoft.create(transactionId="t1")
    refusal = microsoft.refused("PATCH", event_path(event["id"]), json={"transactionId": "t2"})
    assert (refusal.status, refusal.code) == (400, "ErrorInvalidRequest")


def test_a_create_whose_answer_is_lost_made_one_event(microsoft: Site) -> None:
    number = microsoft.fault({"drop": "after"}, {"operation": "events.create"})
    with pytest.raises(httpx.TransportError):
        microsoft.create(transactionId="t1")
    assert microsoft.fired(number) == 1
    (stored,) = microsoft.hands.events()
    assert microsoft.create(transactionId="t1")["id"] == stored.id


def test_a_create_that_was_refused_after_it_was_done_made_one_event(microsoft: Site) -> None:
    number = microsoft.fault({"error": {"code": "ServiceUnavailable", "after": True}}, {"operation": "events.create"})
    assert microsoft.refused_draft(transactionId="t1").status == 503
    assert microsoft.fired(number) == 1
    (stored,) = microsoft.hands.events()
    assert microsoft.create(transactionId="t1")["id"] == stored.id
