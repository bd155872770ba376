"""Calendars of a mailbox: listed, made, renamed, deleted; and the few facts about a person that clients ask.

Not here: the events in them.
"""

from base64 import b64encode
from typing import Final

from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.ids import Named, regular_id
from syncd.sandbox.microsoft.state import Calendar, MicrosoftState, View
from syncd.sandbox.microsoft.values import Account
from syncd.sandbox.microsoft.writing import drop

_LONGEST_NAME: Final = 255
_WRITABLE: Final = frozenset({"name", "color", "hexColor", "isDefaultCalendar", "defaultOnlineMeetingProvider"})
_READ_ONLY: Final = frozenset(
    {
        "id",
        "changeKey",
        "canShare",
        "canViewPrivateItems",
        "canEdit",
        "isRemovable",
        "isTallyingResponses",
        "allowedOnlineMeetingProviders",
        "owner",
    }
)
_FORMS: Final = {"restid": True, "restimmutableentryid": False}
_MOST_IDS: Final = 1000


def show_calendar(calendar: Calendar, state: MicrosoftState) -> Json:
    """One calendar as its mailbox sees it."""
    personal = state.accounts[calendar.mailbox].personal
    provider = "skypeForConsumer" if personal else "teamsForBusiness"
    own = calendar.owner == calendar.mailbox
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": calendar.default,
        "changeKey": b64encode(bytes.fromhex(state.opaque(calendar.id, calendar.change)[:30])).decode(),
        "canShare": own and calendar.can_edit,
        "canViewPrivateItems": own,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": [provider],
        "defaultOnlineMeetingProvider": provider,
        "isTallyingResponses": calendar.default,
        "isRemovable": calendar.removable,
        "owner": {"name": calendar.owner_name, "address": calendar.owner},
    }


def create(state: MicrosoftState, account: Account, body: Json) -> Calendar:
    """A new calendar of one's own."""
    name = _name(_checked(body))
    _check_free(state, account, name)
    return state.add_calendar(account.email, name)


def change(state: MicrosoftState, account: Account, calendar: Calendar, body: Json) -> Calendar:
    """Rename a calendar."""
    sent = _checked(body)
    if "name" in sent:
        name = _name(sent)
        if name.casefold() != calendar.name.casefold():
            _check_free(state, account, name)
        calendar.name = name
    calendar.change = state.serial()
    return calendar


def remove(state: MicrosoftState, calendar: Calendar) -> None:
    """Delete a calendar with all its events; a shared one leaves the list alone."""
    if not calendar.removable:
        raise GraphError("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.", status=400)
    take_away(state, calendar)


def take_away(state: MicrosoftState, calendar: Calendar) -> None:
    """What deleting does, whoever does it."""
    if calendar.source is None:
        mailbox = state.mailbox_of(calendar)
        for event in list(View(mailbox).living(calendar.id)):
            drop(mailbox, event)
    del state.calendars[calendar.id]


def _checked(body: Json) -> Json:
    sent = {name: value for name, value in body.items() if "@odata." not in name and name not in _READ_ONLY}
    unknown = sorted(set(sent) - _WRITABLE)
    if unknown:
        text = f"The property '{unknown[0][:60]}' does not exist on type 'microsoft.graph.calendar'."
        raise GraphError("RequestBodyRead", text)
    return sent


def _name(sent: Json) -> str:
    name = sent.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise GraphError("ErrorInvalidRequest", "A calendar needs a name.")
    return name


def _check_free(state: MicrosoftState, account: Account, name: str) -> None:
    taken = {calendar.name.casefold() for calendar in state.listed(account.email)}
    if name.casefold() in taken and state.switches["calendar_name_taken"] == "409":
        raise GraphError("ErrorFolderExists")


def show_person(account: Account) -> Json:
    """`/me`."""
    return {
        "id": account.oid,
        "displayName": account.name,
        "givenName": account.name.partition(" ")[0],
        "surname": account.name.partition(" ")[2],
        "mail": account.email,
        "userPrincipalName": account.email,
        "businessPhones": [],
        "jobTitle": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
    }


def show_settings(account: Account) -> Json:
    """`/me/mailboxSettings`."""
    return {
        "timeZone": account.zone,
        "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": account.zone},
        },
    }


def translate_ids(state: MicrosoftState, account: Account, body: Json) -> list[Json]:
    """`translateExchangeIds`: regular ids to immutable ones, or back."""
    sent = {name.casefold(): value for name, value in body.items()}  # parameters of actions come in any case
    ids = sent.get("inputids")
    source, target = (_FORMS.get(str(sent.get(name)).casefold()) for name in ("sourceidtype", "targetidtype"))
    if not isinstance(ids, list) or len(ids) > _MOST_IDS or source is None or target is None:
        raise GraphError("ErrorInvalidParameter", "Ids of these kinds cannot be translated.")
    view = View(state.mailboxes[account.email])
    return [_translated(str(ref), view, regular=source, to_regular=target) for ref in ids]


def _translated(ref: str, view: View, *, regular: bool, to_regular: bool) -> Json:
    try:
        found = view.find(ref) if Named.of(ref).regular == regular else None
    except ValueError:
        found = None
    if found is None:
        details = {"code": "ErrorInvalidId", "message": "The id is invalid."}
        return {"sourceId": ref, "targetId": None, "errorDetails": details}
    target = regular_id(found.id, found.calendar_id) if to_regular else found.id
    return {"sourceId": ref, "targetId": target}
