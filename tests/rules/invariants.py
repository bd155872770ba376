"""What every plan owes, whatever it was made from; each function yields its complaints and cites DESIGN.

Written from DESIGN alone, apart from the planner. Not here: what a world owes in
the end (ends), and the cases (test_table, test_histories).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, TypeAlias

from syncd.model import (
    TEXTS,
    UNSEEN,
    Action,
    Create,
    Decision,
    Delete,
    Field,
    Gone,
    Hold,
    Kind,
    Link,
    Observation,
    Ref,
    Relink,
    Rule,
    Side,
    Update,
    digest_of,
    identical,
    same,
)
from syncd.normalise import fit_value, key_of, lies_at, original_id
from syncd.plan import plan
from tests.rules.look import Look
from tests.rules.sides import lies

BY_LINK_OR_MARK: Final = frozenset({Rule.R23, Rule.R25, Rule.R29, Rule.R30})


Invariant: TypeAlias = Callable[[Look], Iterator[str]]


def nothing_is_deleted_without_proof(look: Look) -> Iterator[str]:
    """DESIGN 1: "Nothing is deleted without proof that it was deleted on the other side."; 4: "Only `gone` counts as a
    deletion", and of out_of_scope "our copy is removed". Else only what a person ordered, R23, R25, R29 and R30."""
    for action, item in look.deletes():
        if action.ordered or action.former or action.why in BY_LINK_OR_MARK:
            continue
        other = item.at(action.side.other) if item else None
        absence = other.absence if other else None
        if absence is None or absence.kind not in (Gone.GONE, Gone.OUT_OF_SCOPE):
            yield f"{action.side} {action.ref} is deleted though the other side is not gone"


def removal_by_link_or_mark_concerns_what_we_made(look: Look) -> Iterator[str]:
    """R23: "removes what we made, on both sides, by link and by mark"; R25, R29 and R30 speak of our copies alike.

    R13: a mark counts "where the key gives the id, only on that item".
    """
    for action, item in look.deletes():
        seen = item.at(action.side) if item else None
        link = item.link if item else None
        mark = seen.traits.mark if seen is not None else None
        marked = seen is not None and mark is not None and lies_at(mark.key, seen)
        ours = marked or (link is not None and link.made[action.side])
        if action.why in BY_LINK_OR_MARK and not action.former and not ours:
            yield f"{action.side} {action.ref} is removed by {action.why.value}, and we did not make it"


def originals_are_deleted_in_the_second_cycle(look: Look) -> Iterator[str]:
    """DESIGN 4: "Deleting or cancelling an *original*, on either side, is confirmed in a second cycle.", and of
    out_of_scope: "nothing cancelled". A person may be asked before the second cycle, the act comes after it."""
    at_once = list(look.now_written())
    for action, item in look.deletes():
        if item is None or item.link is None or item.link.origin is not action.side or action.former:
            continue
        other = item.at(action.side.other)
        absence = other.absence if other else None
        first = absence is not None and absence.cycles < 2 and action in at_once
        if absence is None or absence.kind is not Gone.GONE or first:
            yield f"the original {action.side} {action.ref} is deleted in the first cycle, or without its copy gone"
        if not action.original:
            yield f"the deletion of the original {action.ref} does not say so"


def adopted_items_are_never_deleted(look: Look) -> Iterator[str]:
    """R13: "an adopted item is never deleted by us, it is released"."""
    for action, item in look.deletes():
        link = item.link if item else None
        if link and link.origin is not action.side and not link.made[action.side] and not action.former:
            yield f"{action.side} {action.ref} was adopted and is deleted"


def only_what_was_observed_is_written(look: Look) -> Iterator[str]:
    """DESIGN 4: "Versions for preconditions belong to observations": `if_match` is the version seen last."""
    for action in look.writes():
        if isinstance(action, Create) or (isinstance(action, Delete) and action.former):
            continue
        seen = look.seen(action.side, action.ref)
        if seen is None or seen.version != action.if_match:
            yield f"{action.kind} {action.side} {action.ref} names version {action.if_match}"


def nothing_absent_is_written(look: Look) -> Iterator[str]:
    """DESIGN 4, typed absence: an item that is not there, or of which nothing is known, is not written; beside one that
    is unknown or out of the window no second one is made. R14: one out of the window is there, "followed wherever it
    moves"."""
    for action in look.writes():
        if isinstance(action, Create):
            ref = action.link.refs[action.side]
            old = next((one for one in look.work.items if one.link and one.link.id == action.link.id), None)
            before = old.at(action.side) if old else None
            if before and (before.absence is None or before.absence.kind in (Gone.UNKNOWN, Gone.OUT_OF_WINDOW)):
                yield f"a second copy is made beside {before.ref} ({ref})"
            continue
        seen = look.seen(action.side, action.ref)
        if seen is not None and seen.absence is not None and not lies(seen):
            yield f"{action.kind} {action.side} {action.ref}, which is {seen.absence.kind.value}"


def unknown_sides_are_left_alone(look: Look) -> Iterator[str]:
    """DESIGN 4: "An error, 401/403/404 on a collection, a short or empty page is never absence"; nothing goes towards
    a side of which we know nothing, and nothing is removed because of it."""
    for item in look.work.items:
        unknown = [one for one in (item.wix, item.external) if one and one.absence and one.absence.kind is Gone.UNKNOWN]
        followed = {(one.item, one.side) for one in look.relinks()}
        for seen in unknown if item.link else ():
            for action in look.writes():
                here = (action.item, action.side) == (item.link.id if item.link else "", seen.side)
                if here and (action.item, action.side) not in followed:
                    yield f"{action.kind} towards the unknown {seen.side} {seen.ref}"


def _week(seen: Observation) -> object:
    """The series and the week in which an occurrence began at first."""
    series, start = seen.traits.series, seen.traits.original_start
    return (series, date.fromisoformat(start[:10]).isocalendar()[:2]) if series and start else None


def only_matches_are_followed(look: Look) -> Iterator[str]:
    """R31: "same series by original local start, then same UID or immutable id in the account, then equal `when` and
    title", at last the same week of the series; R25: "live link with another ref" is "a user's copy, left"."""
    for moved in look.relinks():
        old, new = look.seen(moved.side, moved.old), look.seen(moved.side, moved.new)
        if old is None or new is None:
            yield f"{moved.new} is linked, and one of the two was never seen"
            continue
        occurrence = (old.traits.series, old.traits.original_start)
        series = None not in occurrence and occurrence == (new.traits.series, new.traits.original_start)
        account = old.traits.uid is not None and old.traits.uid == new.traits.uid
        content = same(old.event.when, new.event.when) and same(old.event.title, new.event.title)
        series = series or (_week(old) is not None and _week(old) == _week(new))
        if not (series or account or content):
            yield f"{moved.new} is taken for {moved.old}, which it does not match"


def private_text_stays(look: Look) -> Iterator[str]:
    """R17: a private event of outside origin is imported as "Busy"; "title, description and location never travel
    towards it"."""
    for action, seen in look.updates():
        item = look.item(action.side, action.ref)
        foreign = item is None or item.link is None or item.link.origin is Side.EXTERNAL
        hidden = [one for one in action.changes if one.field in TEXTS]
        if seen and seen.side is Side.EXTERNAL and seen.traits.private and foreign and hidden:
            yield f"text travels towards the private {action.ref}"
    for create in look.creates():
        origin = create.link.refs[create.link.origin]
        source = look.seen(create.link.origin, origin) if origin else None
        if create.side is Side.WIX and source and source.traits.private:
            texts = {create.event.get(name) for name in TEXTS} - {"Busy", None, UNSEEN}
            if texts:
                yield "the text of a private event is imported"


def guests_are_never_mailed(look: Look) -> Iterator[str]:
    """R26: "No guest is ever mailed … An event with guests is never written where the provider would mail"."""
    for action in look.writes():
        seen = None if isinstance(action, Create) else look.seen(action.side, action.ref)
        if seen and seen.side is Side.EXTERNAL and seen.traits.guests and look.policy.mails_guests:
            yield f"{action.kind} of {action.ref} mails its guests"


def fixed_events_are_never_written(look: Look) -> Iterator[str]:
    """R16: "Read-only, locked, others', birthday, working-location and unknown kinds are never written"."""
    for action in look.writes():
        seen = None if isinstance(action, Create) else look.seen(action.side, action.ref)
        if seen and seen.side is Side.EXTERNAL and (seen.traits.kind is not Kind.ORDINARY or not seen.traits.own):
            yield f"{action.kind} of {action.ref}, which must not be written"


def participants_are_kept(look: Look) -> Iterator[str]:
    """R28: "a session with participants, with an unseen count, or exported by several connections is never moved or
    cancelled from outside by itself: the change is held per item"."""
    for action in look.now_written():
        if look.policy.write_back != "without_participants" or action.side is not Side.WIX or action.ordered:
            continue
        if isinstance(action, Create):
            continue
        item = look.item(action.side, action.ref)
        if item is None or item.wix is None or item.link is None or item.link.origin is not Side.WIX:
            continue
        moves = isinstance(action, Delete) or any(one.field is Field.WHEN for one in action.changes)
        guarded = item.wix.traits.participants not in (0, None) or item.exported_by > 1
        approved = Decision.APPROVED in item.decisions.values()
        if moves and guarded and not approved:
            yield f"{action.kind} of {action.ref} moves or cancels a session that people booked"


def write_back_is_obeyed(look: Look) -> Iterator[str]:
    """R5: "`write_back` limit[s] this for sessions that came from Wix": with "off" such a session is never written."""
    for action in look.writes():
        if look.policy.write_back != "off" or action.side is not Side.WIX or isinstance(action, Create):
            continue
        item = look.item(action.side, action.ref)
        if item and item.link and item.link.origin is Side.WIX and not action.ordered:
            yield f"{action.kind} of {action.ref}, though nothing is written back"


def imports_are_never_exported(look: Look) -> Iterator[str]:
    """R25: "What was imported is never exported again, by any connection. An event with our mark is never imported"."""
    for create in look.creates():
        origin = create.link.refs[create.link.origin]
        source = look.seen(create.link.origin, origin) if origin else None
        if create.link.origin is create.side:
            yield f"the original of {create.item} is made anew on its own side"
        if source is not None and source.traits.mark is not None:
            yield f"{source.side} {source.ref} was made by us and is copied again"


def imports_are_tagged_with_their_provider(look: Look) -> Iterator[str]:
    """R4: a blocking session is "tagged with its provider"; the line in `notes` begins `[syncd <provider>`."""
    for create in look.creates():
        if create.side is Side.WIX and create.mark.provider != look.work.connection.provider:
            yield f"the block for {create.item} is tagged {create.mark.provider}"


def directions_are_obeyed(look: Look) -> Iterator[str]:
    """R1 (export on), R4 (import on); R30: "Export off: nothing is written outside"."""
    config = look.work.connection.config
    for action in look.now_written():
        outside = action.side is Side.EXTERNAL
        if isinstance(action, Create) and not (config.exports if outside else config.imports):
            yield f"a copy is made on {action.side}, which is switched off"
        if isinstance(action, Update) and outside and not config.exports:
            yield f"{action.ref} is written outside, which is switched off"


def creates_lie_in_the_window(look: Look) -> Iterator[str]:
    """R14: "The window decides what is created"."""
    for create in look.creates():
        if create.event.when is UNSEEN or not look.policy.window.meets(create.event.when):
            yield f"{create.item} is made outside the window"


def copies_have_their_own_key(look: Look) -> Iterator[str]:
    """DESIGN 4: "key = hash(bridge, schedule, id of the original, generation); the mark carries bridge, original's id,
    generation …; in Wix the original's id is only in the key"; one copy per original."""
    keys = Counter((one.side, one.key) for one in look.creates())
    yield from (f"two copies under {key}" for key, count in keys.items() if count > 1)
    originals = Counter((one.link.origin, one.link.refs[one.link.origin]) for one in look.creates())
    yield from (f"two copies of {name}" for name, count in originals.items() if count > 1)
    for create in look.creates():
        origin = create.link.refs[create.link.origin]
        if origin is None:
            yield f"{create.item} is a copy of nothing"
            continue
        name = original_id(create.link.origin, origin)
        key = key_of(look.policy.bridge, look.work.connection.schedule.id, name, create.link.generation)
        if (create.key, create.mark.key) != (key, key) or create.mark.generation != create.link.generation:
            yield f"{create.item} does not carry the key of its original and generation"
        if not create.link.made[create.side] or create.link.made[create.side.other]:
            yield f"the link of {create.item} does not say which side we made"


def writes_change_something(look: Look) -> Iterator[str]:
    """DESIGN 1: "It is quiet: an idle cycle writes nothing"; R24: "What we wrote is not a change"."""
    for action, seen in look.updates():
        if not action.changes:
            yield f"{action.ref} is written without a change"
        if seen is None:
            continue
        for one in action.changes:
            after = fit_value(one.field, one.after, look.policy.limits[action.side])
            if identical(seen.event.get(one.field), after):
                yield f"{one.field.value} of {action.ref} is written as it is"
            if one.after is UNSEEN:
                yield f"{one.field.value} of {action.ref} is written without a value"
            if one.field is Field.TITLE and one.after is None:
                yield f"the title of {action.ref} is emptied, which R8 refuses"


def one_item_is_written_once(look: Look) -> Iterator[str]:
    """DESIGN 2, "plan": ordered actions; two writes to one item in one plan would break each other's precondition."""
    named = [one for one in look.writes() if isinstance(one, Update | Delete)]
    counts = Counter((one.side, one.ref) for one in named)
    yield from (f"{side} {ref} is written {count} times" for (side, ref), count in counts.items() if count > 1)


def doubt_stops_everything(look: Look) -> Iterator[str]:
    """R15: "After an empty side (0 of ≥ 5 linked) or a doubtful read *everything* of that connection waits."."""
    if (look.work.doubtful or _is_empty(look)) and any(look.plan.writes()):
        yield "a doubtful reading is acted on"


def _is_empty(look: Look) -> bool:
    """Whether a side showed nothing, and nothing was found there under another ref either (R31)."""
    found = {action.side for action in look.plan.actions if isinstance(action, Relink)}
    return bool(look.work.empty - found)


def everything_names_its_rule(look: Look) -> Iterator[str]:
    """DESIGN 3: "each id stands in the planner's branch, the printed plan, the log line, the history"."""
    ids = {rule.value for rule in Rule}
    for action in look.plan.to_json()["actions"]:
        for one in (action, *(action["actions"] if action["kind"] == "hold" else ())):
            rules = [one.get("rule"), *(change.get("rule") for change in one.get("changes", ()))]
            if not set(rules) <= ids:
                yield f"{one['kind']} of {one['item']} prints the rules {rules}"


def every_item_is_answered_for(look: Look) -> Iterator[str]:
    """DESIGN 1: "It says what it will do before it does it, and can explain"; 4: a row is removed in the transaction
    that settles it, so that each pending item stands in the plan."""
    if look.work.doubtful or _is_empty(look):
        return
    told = {action.item for action in look.plan.actions}
    told |= {one.item for action in look.plan.actions if isinstance(action, Hold) for one in action.actions}
    # An adoption or a move speaks for the two items that it joins.
    joined = {str(ref) for action in look.plan.actions for ref in _joined(action)}
    for item in look.work.items:
        seen = [one for one in (item.wix, item.external) if one is not None]
        names = {item.link.id} if item.link else {f"{one.side.value}|{one.ref}" for one in seen}
        if seen and not names & told and not {str(one.ref) for one in seen} & joined:
            yield f"nothing is said of {sorted(names)}"


def _joined(action: Action) -> list[Ref]:
    link: Link | None = getattr(action, "link", None)
    refs = [ref for side in Side if link and (ref := link.refs[side])]
    return refs + [ref for name in ("old", "new") if (ref := getattr(action, name, None))]


def plans_travel_as_json(look: Look) -> Iterator[str]:
    """DESIGN 6, `--dry-run --json`: the plan is plain JSON, prints without titles, and keeps its digest."""
    told = look.plan.to_json()
    if json.loads(json.dumps(told)) != told:
        yield "the plan does not survive JSON"
    if told["digest"] != digest_of(look.plan.actions) or look.plan.digest != told["digest"]:
        yield "the digest differs from that of the same actions"


def order_and_repetition_mean_nothing(look: Look) -> Iterator[str]:
    """DESIGN 4: "Discarding a plan any number of times changes nothing"; `run --once` prints the digest of the dry run,
    so that neither a second look nor the order in which the store gives the items may show."""
    turned = replace(look.work, items=look.work.items[::-1], neighbours=look.work.neighbours[::-1])
    if plan(look.work, look.policy, look.now).digest != look.plan.digest:
        yield "planning twice gives two plans"
    if plan(turned, look.policy, look.now).digest != look.plan.digest:
        yield "the order of the items shows in the plan"


OF_EACH_PLAN: Final[tuple[Invariant, ...]] = (
    nothing_is_deleted_without_proof,
    removal_by_link_or_mark_concerns_what_we_made,
    originals_are_deleted_in_the_second_cycle,
    adopted_items_are_never_deleted,
    only_what_was_observed_is_written,
    nothing_absent_is_written,
    unknown_sides_are_left_alone,
    only_matches_are_followed,
    private_text_stays,
    guests_are_never_mailed,
    fixed_events_are_never_written,
    participants_are_kept,
    write_back_is_obeyed,
    imports_are_never_exported,
    directions_are_obeyed,
    creates_lie_in_the_window,
    copies_have_their_own_key,
    writes_change_something,
    one_item_is_written_once,
    doubt_stops_everything,
    everything_names_its_rule,
    every_item_is_answered_for,
)
ALL: Final[tuple[Invariant, ...]] = (*OF_EACH_PLAN, plans_travel_as_json, order_and_repetition_mean_nothing)


def complaints(look: Look, checks: Sequence[Invariant] = ALL) -> list[str]:
    """What is wrong with a plan, each with the invariant's name."""
    return [f"{check.__name__}: {text}" for check in checks for text in check(look)]
