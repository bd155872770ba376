"""What people do to both sides while syncd passes, and where each of their edits is.

Not here: which histories are tried and what must hold in the end (test_histories).
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from syncd.model import (
    Absence,
    Action,
    Decision,
    Delete,
    Field,
    Gone,
    Hold,
    Override,
    Ref,
    Relink,
    Rule,
    SetOverride,
    Side,
    Update,
    Value,
)
from syncd.normalise import is_overridden
from syncd.plan import plan
from tests.rules.build import event as block_of_time
from tests.rules.build import hour, outside, session
from tests.rules.ends import Edit, doubles, is_shown, partner, survives
from tests.rules.invariants import OF_EACH_PLAN, complaints
from tests.rules.look import Look
from tests.rules.sides import Key, lies
from tests.rules.world import World

PASS: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; `side`, `index` and `field` choose what it happens to."""

    verb: str
    side: Side = Side.WIX
    index: int = 0
    field: Field = Field.TITLE


@dataclass
class History:
    """A world with what people did to it. `open`: edits that have not yet arrived on the other side."""

    world: World
    open: dict[tuple[Key, Field], Edit] = field(default_factory=dict)
    hidden: dict[Key, Absence | None] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)
    count: int = 0

    def do(self, step: Step) -> None:
        """Let a step happen; one that finds nothing to happen to is passed over."""
        match step.verb:
            case "pass":
                self.cycle()
            case "discard":
                self.world.read(confirm=False)
                self.world.plan()
            case "approve" | "reject":
                decision = Decision.APPROVED if step.verb == "approve" else Decision.REJECTED
                self.reached[step.verb] += self.world.decide(decision)
            case "race":
                self.cycle(between=replace(step, verb="edit"))
            case "appear":
                self._appear(step.side)
            case "find":
                self.find()
            case _:
                if (key := self._pick(step)) is not None:
                    self._touch(step, key)

    def _pick(self, step: Step) -> Key | None:
        there = sorted(
            (key for key, one in self.world.real.items() if key[0] is step.side and one.absence is None),
            key=lambda key: str(key[1]),
        )
        return there[step.index % len(there)] if there else None

    def _touch(self, step: Step, key: Key) -> None:
        match step.verb:
            case "edit":
                self._edit(key, step.field, self._value(step.field))
            case "agree":
                value = self._value(step.field)
                for place in (key, partner(self.world, key)):
                    if place is not None and lies(self.world.real.get(place)):
                        self._edit(place, step.field, value)
            case "remove":
                self.world.remove(key)
                self._forget(key)
            case "leave" if key not in self.world.origin_of:
                self.world.remove(key, Gone.OUT_OF_SCOPE)
                self._forget(key)
            case "hide":
                self.world.remove(key, Gone.UNKNOWN)
                self.hidden[key] = None
            case "book" if key[0] is Side.WIX and key not in self.world.origin_of:
                self.world.book(key, step.index)
            case "override" if key[0] is Side.WIX and key not in self.world.origin_of:
                self.count += 1
                self.world.override(key[1], Override(title=f"Shown {self.count}"))
            case "reissue" if key[0] is Side.EXTERNAL:
                self._reissue(key)
            case "duplicate" if key[0] is Side.EXTERNAL and key in self.world.origin_of:
                self._duplicate(key)

    def _appear(self, side: Side) -> None:
        self.count += 1
        fresh = block_of_time(f"New {self.count}", hour(1 + self.count, 8))
        name = f"n{self.count}"
        self.world.put(session(fresh, id=name) if side is Side.WIX else outside(fresh, id=name))

    def _edit(self, key: Key, name: Field, value: Value) -> None:
        self._let_go_of_arrived()
        self.world.edit(key, **{name.value: value})
        if self.world.real[key].traits.mark is None or key in self.world.origin_of:
            self.open[(key, name)] = Edit(key, name, value)  # a person's copy of our copy is nobody's edit (R25)

    def _value(self, name: Field) -> Value:
        """A value that was never there before."""
        self.count += 1
        return hour(2 + self.count, 15) if name is Field.WHEN else f"{name.value} {self.count}"

    def _reissue(self, key: Key) -> None:
        """The server gives the same event another id, as when it moved there and back (R31)."""
        self.count += 1
        old = self.world.real[key]
        ref = Ref(key[1].collection, f"{key[1].id}-again{self.count}")
        self.world.remove(key)
        new = self.world.put(replace(old, ref=ref, traits=replace(old.traits, group=ref.id)))
        if key in self.world.origin_of:
            self.world.origin_of[new] = self.world.origin_of.pop(key)
        for place, name in [one for one in self.open if one[0] == key]:
            self.open[(new, name)] = replace(self.open.pop((place, name)), key=new)

    def _duplicate(self, key: Key) -> None:
        """Somebody copies an event of ours to another time; the mark goes with it (R25)."""
        self.count += 1
        ref = Ref(key[1].collection, f"{key[1].id}-copy{self.count}")
        old = self.world.real[key]
        traits = replace(old.traits, group=ref.id, uid=ref.id)
        self.world.put(replace(old, ref=ref, event=replace(old.event, when=hour(1 + self.count, 18)), traits=traits))

    def _forget(self, key: Key) -> None:
        """Who removes an item removes what was edited in it."""
        self.open = {place: edit for place, edit in self.open.items() if edit.key != key}

    def find(self) -> None:
        """What could not be found is there again, unchanged."""
        for key in self.hidden:
            real = self.world.real[key]
            if real.absence is not None and real.absence.kind is Gone.UNKNOWN:
                self.world.real[key] = replace(real, absence=None)
        self.hidden.clear()

    def cycle(self, between: Step | None = None) -> list[Action]:
        """Read, plan, perhaps be overtaken by somebody, apply. Returns the plan's actions, after checking it."""
        world = self.world
        world.now += PASS
        world.read()
        work = world.workload()
        planned = plan(work, world.policy, world.now)
        wrong = complaints(Look(work, world.policy, world.now, planned), OF_EACH_PLAN)
        assert not wrong, "\n".join([*wrong, *map(str, planned.actions)])
        if between is not None:
            self.do(between)
        world.apply(planned)
        self._count(planned.actions)
        self._check()
        return list(planned.actions)

    def _count(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self.reached[f"{action.kind} {action.why.value}"] += 1
            self.reached["clash"] += isinstance(action, Update) and any(one.why is Rule.R10 for one in action.changes)
            self.reached["deletion"] += isinstance(action, Delete)
            self.reached["hold"] += isinstance(action, Hold)
            self.reached["relink"] += isinstance(action, Relink)
            self.reached["override"] += isinstance(action, SetOverride)
            self.reached["put back"] += action.why is Rule.R5A
        self.reached["overtaken"] = self.world.stale

    def _check(self) -> None:
        """Every edit is somewhere; one that both sides show has arrived and may be overwritten."""
        lost = [edit for edit in self.open.values() if not self._survives(edit)]
        assert not lost, f"lost: {lost}"
        self._let_go_of_arrived()
        assert not list(doubles(self.world))

    def _let_go_of_arrived(self) -> None:
        self.open = {place: edit for place, edit in self.open.items() if not self._arrived(edit)}

    def _survives(self, edit: Edit) -> bool:
        real = self.world.real.get(edit.key)
        elsewhere = real is not None and real.absence is not None and real.absence.kind is not Gone.GONE
        own = real is not None and real.absence is None and real.event.get(edit.field) == edit.value
        return elsewhere or own or survives(self.world, edit)

    def _arrived(self, edit: Edit) -> bool:
        other = partner(self.world, edit.key)
        places = [edit.key, other] if other else [edit.key]
        in_history = any(one.value == edit.value for one in self.world.losers)
        if edit.key[0] is Side.WIX and is_overridden(edit.field, self.world.overrides_of(edit.key[1])):
            return True  # not shown outside, so that nothing has to arrive (R8)
        both = other is not None and all(is_shown(self.world, place, edit.field, edit.value) for place in places)
        return in_history or both
