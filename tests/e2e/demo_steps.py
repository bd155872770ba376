"""The steps of the demonstration, in their order: an act, the passes that the rules ask for, and what must be found.

Acts of people are plain HTTP, as are all readings. Not here: processes (demo_stage), comparing all (demo_mirror).
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from syncd.sandbox.ics import render
from syncd.sandbox.studio import ZONE
from tests.e2e.demo_caldav import Item
from tests.e2e.demo_colleagues import GOOGLE, MICROSOFT, read_only_calendar
from tests.e2e.demo_mirror import Titles
from tests.e2e.demo_report import say
from tests.e2e.demo_stage import Stage, digest_in
from tests.e2e.demo_values import Json, Shown, later, of_session, text_of
from tests.e2e.demo_wix import moved, titled

Step = Callable[[Stage], None]
_SETTLED: Final = "what vanishes within 10 minutes of our own write to it is not taken for deleted"
_SECRET: Final = "Job interview"


def show_plan(stage: Stage) -> None:
    stage.titles = Titles.of_studio(stage.sessions())
    stage.forget_requests()
    stage.planned = digest_in(stage.syncd("run", "--once", "--dry-run", "--show-text"))
    _check_writes(stage)


def sync_first(stage: Stage) -> None:
    done = digest_in(stage.sync())
    stage.report.check(f"the plan that was shown: {stage.planned}", f"the plan that was shown: {done}")
    stage.check_everything()
    account = stage.account
    meetings = [one for one in (*account.copies(), *account.items(account.home)) if one.shown.title == "Team meeting"]
    stage.report.check("“Team meeting” lies outside 1 time", f"“Team meeting” lies outside {len(meetings)} time")


def sync_again(stage: Stage) -> None:
    stage.forget_requests()
    stage.sync()
    _check_writes(stage)


def edit_in_wix(stage: Stage) -> None:
    session = titled(stage.sessions(), "Personal Training", 1)
    say(f"  by hand in Wix: “{of_session(session)}” gets another title and is moved by an hour")
    stage.wix.change(session, {"title": "Training for two", **moved(session, 60)})
    stage.sync()
    wanted = later(of_session(session, "Training for two"), 60)
    stage.report.check(f"outside: {wanted}", f"outside: {_at(stage.account.copies(), wanted.start)}")
    stage.check_everything()


def edit_outside(stage: Stage) -> None:
    session = titled(stage.sessions(), "Pilates", 1)
    item = _copy(stage, session)
    say(f"  by hand outside: “{item.shown}” gets another title and place and is moved by 30 minutes")
    wanted = later(of_session(session, "Pilates in the park"), 30)
    texts = {"summary": wanted.title, "location": "City park", "dtstart": wanted.start, "dtend": wanted.end}
    stage.account.change(item, texts)
    stage.sync()
    found = stage.wix.event(session["id"])
    stage.report.check(
        f"in Wix: {wanted}, at City park", f"in Wix: {of_session(found)}, at {found['location'].get('name')}"
    )
    stage.check_everything()


def delete_in_wix(stage: Stage) -> None:
    session = titled(stage.sessions(), "Open practice")
    start = of_session(session).start
    say(f"  by hand in Wix: one of two equal classes in two rooms is cancelled: “{of_session(session)}”")
    before = _count(stage, start)
    stage.wix.cancel(session)
    stage.sync()
    stage.report.check(
        "its copies outside: 2 before, 1 now", f"its copies outside: {before} before, {_count(stage, start)} now"
    )
    stage.check_everything()


def delete_outside(stage: Stage) -> None:
    session = titled(stage.sessions(), "Pilates", 1)
    item = _copy(stage, session)
    stage.advance(11, _SETTLED)
    say(f"  by hand outside: “{item.shown}”, which nobody has booked, is deleted")
    stage.account.remove(item)
    say("  an original is removed when a second pass confirms that its copy is gone")
    states = []
    for _ in range(2):
        stage.sync()
        states.append(stage.wix.event(session["id"])["status"])
    stage.report.check("in Wix: CONFIRMED, then CANCELLED", f"in Wix: {', then '.join(states)}")
    stage.check_everything()


def clash(stage: Stage) -> None:
    session = titled(stage.sessions(), "Pilates")
    item = _copy(stage, session)
    say(f"  by hand on both sides: “{item.shown}” gets two titles, and outside a description too")
    stage.wix.change(session, {"title": "Pilates for beginners"})
    stage.account.change(item, {"summary": "Pilates with a ball", "description": "Bring a ball"})
    stage.sync()
    found, copy = stage.wix.event(session["id"]), _copy(stage, stage.wix.event(session["id"]))
    wanted = "Pilates for beginners (Bring a ball)"
    stage.report.check(
        f"Wix has the title, the description is merged: {wanted} | {wanted}",
        f"Wix has the title, the description is merged: {found['title']} ({found.get('notes')}) | "
        f"{copy.shown.title} ({text_of(copy.event, 'description')})",
    )
    rows = json.dumps(stage.json("history"))
    kept = "is" if "Pilates with a ball" in rows else "is not"
    stage.report.check("the title that lost is in the history", f"the title that lost {kept} in the history")
    stage.check_everything()


def override(stage: Stage) -> None:
    session = titled(stage.sessions(), "Training for two")
    stage.syncd("override", "session", session["id"], "--title", "Not available")
    stage.titles.by_id[session["id"]] = "Not available"
    stage.sync()
    outside, inside = _at(stage.account.copies(), of_session(session).start), stage.wix.event(session["id"])["title"]
    wanted = of_session(session, "Not available")
    stage.report.check(f"outside: {wanted}; in Wix: Training for two", f"outside: {outside}; in Wix: {inside}")
    stage.check_everything()


def private_event(stage: Stage) -> None:
    start = _monday_at(stage, 14)
    item = _appointment(start)
    stage.report.check("free that day: 09:00-10:00 11:00-18:00", _free(stage, start))
    say(f"  by hand outside, marked private: “{_SECRET}, {start:%a %d %b %H:%M}”")
    stage.account.add("interview.ics", item)
    stage.sync()
    stage.report.check("free that day: 09:00-10:00 11:00-14:00 15:00-18:00", _free(stage, start))
    wanted = Shown("Busy", start, start + timedelta(hours=1))
    sessions = [event for event in stage.sessions() if of_session(event).start == start]
    stage.report.check(f"in Wix: {wanted}", f"in Wix: {'; '.join(str(of_session(event)) for event in sessions)}")
    stage.report.check("what it is stands nowhere in Wix or in our database", _where_it_stands(stage))
    stage.check_everything()


def private_event_deleted(stage: Stage) -> None:
    start = _monday_at(stage, 14)
    (item,) = [one for one in stage.account.items(stage.account.home) if one.href.endswith("/interview.ics")]
    say(f"  by hand outside: “{item.shown}” is deleted")
    stage.account.remove(item)
    stage.sync()
    stage.report.check("free that day: 09:00-10:00 11:00-18:00", _free(stage, start))
    stage.check_everything()


def held_deletion(stage: Stage) -> None:
    session = titled(stage.sessions(), "Hatha Yoga")
    item = _copy(stage, session)
    stage.advance(11, _SETTLED)
    say(f"  by hand outside: “{item.shown}”, a class with {_booked(session)}, is deleted")
    stage.account.remove(item)
    stage.sync(code=4)
    stage.syncd("holds", "--show-text")
    (hold,) = stage.json("holds")
    now = stage.wix.event(session["id"])
    stage.report.check(
        "it waits under R28; in Wix: CONFIRMED with 4 participants",
        f"it waits under {hold['rule']}; in Wix: {now['status']} with {_booked(now)}",
    )
    stage.syncd("reject", hold["id"])
    stage.sync()
    wanted = stage.titles.shown(session)
    stage.report.check(f"outside again: {wanted}", f"outside again: {_at(stage.account.copies(), wanted.start)}")
    revision = f"revision {session['revision']}"
    found = stage.wix.event(session["id"])
    stage.report.check(f"in Wix: untouched, {revision}", f"in Wix: untouched, revision {found['revision']}")
    stage.check_everything()


def rest(stage: Stage) -> None:
    stage.forget_requests()
    stage.sync()
    _check_writes(stage)
    mails = len(stage.wix.control("GET", "notifications")["notifications"])
    guests = sum("attendee" in item.event for item in stage.account.copies())
    stage.report.check(
        "0 participants told by Wix, 0 guests outside", f"{mails} participants told by Wix, {guests} guests outside"
    )


STEPS: Final[Sequence[tuple[str, Step]]] = (
    ("The plan, shown and not done", show_plan),
    ("The pass", sync_first),
    ("A second pass", sync_again),
    ("An edit in Wix", edit_in_wix),
    ("An edit outside", edit_outside),
    ("A deletion in Wix", delete_in_wix),
    ("A deletion outside", delete_outside),
    ("A clash", clash),
    ("An override", override),
    ("A private event outside closes a slot", private_event),
    ("Its deletion opens the slot", private_event_deleted),
    ("A deletion outside of a class with participants", held_deletion),
    ("An edit at Google", GOOGLE.edit_outside),
    ("An edit in Wix that reaches Google", GOOGLE.edit_in_wix),
    ("One occurrence of a series deleted at Google", GOOGLE.occurrence_deleted),
    ("An edit at Microsoft", MICROSOFT.edit_outside),
    ("An edit in Wix that reaches Microsoft", MICROSOFT.edit_in_wix),
    ("One occurrence of a series deleted at Microsoft", MICROSOFT.occurrence_deleted),
    ("A calendar at Microsoft that may only be read", read_only_calendar),
    ("At rest", rest),
)


def _check_writes(stage: Stage) -> None:
    stage.report.check("writing requests at the simulators: 0", f"writing requests at the simulators: {stage.writes()}")


def _copy(stage: Stage, session: Json) -> Item:
    """The only event outside at a session's time that shows its title."""
    wanted = stage.titles.shown(session)
    (found,) = [item for item in stage.account.copies() if item.shown == wanted]
    return found


def _at(items: Sequence[Item], start: date) -> str:
    return "; ".join(str(item.shown) for item in items if item.shown.start == start) or "nothing"


def _count(stage: Stage, start: date) -> int:
    return sum(item.shown.start == start for item in stage.account.copies())


def _monday_at(stage: Stage, hour: int) -> datetime:
    """On the day of the first yoga class."""
    start = of_session(titled(stage.sessions(), "Hatha Yoga")).start
    assert isinstance(start, datetime)
    return start.replace(hour=hour, minute=0)


def _appointment(start: datetime) -> bytes:
    times = {"start": start, "end": start + timedelta(hours=1), "zone": ZONE}
    texts = {"title": _SECRET, "description": "Ask about the pay", "location": "Torstr. 1, Berlin"}
    return render({"uid": "interview@outside.example", "private": True, **times, **texts})


def _free(stage: Stage, day: datetime) -> str:
    return f"free that day: {' '.join(stage.wix.free(stage.staff['external_id'], day))}"


def _where_it_stands(stage: Stage) -> str:
    """Whether a text of the private event came to where it must not."""
    texts = [_SECRET, "Ask about the pay", "Torstr. 1"]
    inside = json.dumps(stage.sessions(), ensure_ascii=False)
    files = b"".join(path.read_bytes() for path in Path(stage.line["database"]).parent.glob("syncd.db*"))
    told = [f"“{text}” in Wix" for text in texts if text in inside]
    told += [f"“{text}” in our database" for text in texts if text.encode() in files]
    return ", ".join(told) or "what it is stands nowhere in Wix or in our database"


def _booked(session: Json) -> str:
    return f"{session['participants']['total']} participants"
