"""transactionId: a create that is repeated makes no second event (reference/microsoft.md, 2.2).

Not here: how an event is made (`writing.py`).
"""

import json
from datetime import timedelta

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.ids import regular_id
from syncd.sandbox.microsoft.state import MicrosoftState, View
from syncd.sandbox.microsoft.values import Event, Transaction


def repeated(state: MicrosoftState, email: str, body: Json) -> Event | None:
    """The event that the same body made before; None when this is the first time.

    Raises ErrorDuplicateTransactionId for another body under the same id.
    """
    text = body.get("transactionId")
    known = state.transactions.get((email, text)) if text else None
    if known is None:
        return None
    days = state.switches["transaction_days"]
    if days and known.at + timedelta(days=days) <= state.clock.now():
        return None
    event = View(state.mailboxes[email]).record(known.event_id)
    deleted = event is None or event.deleted
    after_delete = state.switches["transaction_after_delete"]
    if deleted and after_delete == "free":
        return None
    if event is None or known.body != _spelled(body) or (deleted and after_delete == "refused"):
        raise _duplicate(state, known, event)
    return event


def note(state: MicrosoftState, email: str, body: Json, event: Event) -> None:
    """Remember what an id was used for."""
    if body.get("transactionId"):
        entry = Transaction(_spelled(body), event.id, state.clock.now())
        state.transactions[email, body["transactionId"]] = entry


def _spelled(body: Json) -> str:
    return json.dumps(body, sort_keys=True)


def _duplicate(state: MicrosoftState, known: Transaction, event: Event | None) -> GraphError:
    more = {}
    if state.switches["transaction_names_event"] and event is not None:
        more = {"@event.existingEventId": regular_id(known.event_id, event.calendar_id)}
    return GraphError("ErrorDuplicateTransactionId", status=int(state.switches["transaction_status"]), more=more)
