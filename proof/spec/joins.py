"""Joins, as the workflows do them: a group's page is put before its children, a child's end is marked in its page, full pages in the book,
and one write takes the parent from WAITING on. Nobody owes anything: a mark that was lost is made again by the child's message, which comes
again, or by the parent's appointment.

I7: a life's join fires once at most, and only with every child ended, or one of them bad where that is enough (hasty). KIN: no place has two
rows, and a parent waits only when every place has one, its own or a kept one. I2: what is over stays over, but for a redrive. ORPHAN: no child
starts that was claimed when nobody waited for it. Live: the parent ends, and so do all children.
"""

from collections.abc import Iterator
from typing import Any

from proof.spec import words
from proof.spec.canon import IDLE, put
from proof.spec.rules import Rules
from proof.spec.search import Label, State, Step

OPEN, VAIN, OK, BAD = "open", "claimed in vain", "ok", "bad"
ENDED = frozenset({OK, BAD})
OVER = frozenset({"SUCCEEDED", "DEAD", "CANCELLED"})
Actor = tuple[Any, ...]


class Joins:
    """State: (parent, lives, workers, air, left).

    Parent: state, epoch, life, wish; QUEUED and RUNNING are before the children, "QUEUED on" and "RUNNING on" after them. A life: its children,
    each a tuple of rows (made by which page's id, how it is, whether its message is gone); its pages, each None or (id, kept, done, bad); its
    book (total known, full, spoilt); how often it joined. Left: faults, cancels, redrives, bad ends.
    """

    FIELDS = ("parent", "lives", "workers", "air", "left")

    def __init__(
        self,
        rules: Rules,
        *,
        pages: tuple[int, ...] = (0, 0, 1),
        workers: int = 2,
        faults: int = 1,
        dies: str = "anybody",
        looks: bool = True,
        hasty: bool = False,
        cancels: int = 0,
        redrives: int = 0,
        bads: int = 0,
        stuck: bool = False,
    ) -> None:
        """`dies`: who may crash: anybody, tellers or nobody. `stuck`: nobody may count on the last child's end."""
        self.rules, self.page_of, self.hasty, self.looks, self.dies, self.stuck = (
            rules,
            pages,
            hasty,
            looks,
            dies,
            stuck,
        )
        self.pages = max(pages) + 1
        self.start = (workers, (faults, cancels, redrives, bads))
        self.name = f"joins: {len(pages)} children on {self.pages} pages, {workers} workers, {faults} faults, {cancels} cancels, {redrives} redrives, {bads} bad"
        self.name += (
            ", hasty" * hasty
            + ", without looks" * (not looks)
            + (f", {dies} dies" if dies != "anybody" else "")
            + ", one stuck" * stuck
        )

    def starts(self) -> Iterator[State]:
        workers, left = self.start
        yield (("QUEUED", 0, 0, False), (self._new_life(),), (IDLE,) * workers, (), left)

    def _new_life(self) -> Any:
        return (((),) * len(self.page_of), (None,) * self.pages, (False, (), ()), 0)

    def finished(self, state: State) -> bool:
        return state[0][0] in OVER and (
            self.stuck or all(row[1] in ENDED for life in state[1] for rows in life[0] for row in rows)
        )

    def broken(self, state: State) -> str | None:
        for children, _, _, fired in state[1]:
            if any(len(rows) > 1 for rows in children):
                return "KIN: two rows stand in one place"
            if fired > 1:
                return "I7: a life joined twice"
        return None

    # ---------------------------------------------------------------------------------------------------------- steps

    def steps(self, state: State) -> Iterator[Step]:
        parent, lives, workers, air, left = state
        faults, cancels, redrives, _ = left
        yield from self._children(state)
        for n, worker in enumerate(workers):
            if n and worker == IDLE == workers[n - 1]:
                continue
            who = f"worker {n + 1}"
            if worker == IDLE:
                yield from self._begins(state, n, who)
                continue
            yield from self._acts(state, n, who, worker)
            if faults and self._may_die(worker):
                gone = {"workers": put(workers, n, IDLE), "left": (faults - 1, *left[1:])}
                yield self._step(state, (who, "crashes"), gone, fault=True)
        for n, write in enumerate(air):
            changes, _, broken = self._land(state, write)
            label = ("in the air:", write[0], "lands")
            yield self._step(state, label, {**changes, "air": (*air[:n], *air[n + 1 :])}, broken=broken)
        if cancels and parent[0] not in OVER and not parent[3]:
            wish = parent[0].startswith("RUNNING")
            new = (parent[0], parent[1], parent[2], True) if wish else ("CANCELLED", *parent[1:])
            changes = {"parent": new, "left": (faults, cancels - 1, *left[2:])}
            yield self._step(state, ("the parent", "is cancelled"), changes, fault=True)
        if redrives and parent[0] == "DEAD":
            epoch = parent[1] + 1
            changes = {
                "parent": ("QUEUED", epoch, len(lives), False),
                "lives": (*lives, self._new_life()),
                "left": (faults, cancels, redrives - 1, left[3]),
            }
            yield self._step(state, ("the parent", "is redriven"), changes, fault=True)

    def _children(self, state: State) -> Iterator[Step]:
        """A child ends whenever it likes, by a worker who then tells of it; or is claimed when nobody waits for it."""
        parent, lives, workers, _, left = state
        idle = next((n for n, worker in enumerate(workers) if worker == IDLE), None)
        for life, (children, *_) in enumerate(lives):
            vain = parent[0] in OVER or parent[3] or parent[2] != life
            for number, rows in enumerate(children):
                for at, (made, how, _) in enumerate(rows):
                    who = (f"child {number + 1} of life", life)
                    if how == OPEN and vain:
                        yield self._end(state, (*who, "is claimed"), life, number, at, (made, VAIN, False))
                    if how == VAIN and not self.rules.vain_seen:
                        yield self._step(state, (*who, "starts"), {}, broken="ORPHAN: it starts in vain")
                    ends = {OPEN: self._ends(number, left[3]), VAIN: (BAD,)}.get(how, ())
                    for end in ends:
                        fewer = (*left[:3], left[3] - 1) if (how, end) == (OPEN, BAD) else left
                        cost = {"left": fewer}
                        if idle is not None:
                            tells = {"workers": put(workers, idle, ("mark", life, number, end))}
                            yield self._end(
                                state,
                                (*who, "ends", end),
                                life,
                                number,
                                at,
                                (made, end, False),
                                {**cost, **tells},
                                fault=self.stuck and number == len(self.page_of) - 1,
                            )
                        if (
                            left[0] and self.dies == "anybody"
                        ):  # its message was lost, or nobody holds it: the tick ended it and died
                            gone = {"left": (left[0] - 1, *fewer[1:])}
                            yield self._end(
                                state,
                                (*who, "ends", end, "unheard"),
                                life,
                                number,
                                at,
                                (made, end, True),
                                gone,
                                fault=True,
                            )

    def _ends(self, number: int, bads: int) -> tuple[str, ...]:
        """How an open child may end."""
        if self.stuck and number == 0:
            return (BAD,)
        return (OK, BAD) if bads else (OK,)

    def _end(
        self,
        state: State,
        label: Label,
        life: int,
        number: int,
        at: int,
        row: Any,
        more: Any = None,
        *,
        fault: bool = False,
    ) -> Step:
        found = state[1][life]
        children = put(found[0], number, put(found[0][number], at, row))
        lives = put(state[1], life, (children, *found[1:]))
        return self._step(state, label, {"lives": lives, **(more or {})}, fault=fault)

    def _begins(self, state: State, n: int, who: str) -> Iterator[Step]:
        """What an idle worker may begin: claim the parent, tell of a child once more, look after the parent."""
        parent, lives, workers, _, left = state
        where, epoch, life, _ = parent
        if where.startswith("QUEUED") or (where.startswith("RUNNING") and not self._held(workers, epoch)):
            yield self._claimed(state, n, (who, "claims the parent"), {})
        elif where.startswith("RUNNING") and left[0]:
            cost = {"left": (left[0] - 1, *left[1:])}
            yield self._claimed(
                state, n, (who, "takes over from a worker that stands still"), cost, fault=True
            )
        for number_of, (children, *_) in enumerate(lives):
            for number, rows in enumerate(children):
                for _, how, gone in rows:
                    if (
                        how in ENDED
                        and not gone
                        and self.rules.told_again
                        and ("mark", number_of, number, how) not in workers
                    ):
                        tells = {"workers": put(workers, n, ("mark", number_of, number, how))}
                        yield self._step(state, (who, f"is given child {number + 1}'s message again"), tells)
        if where == "WAITING" and self.looks:
            looks = {"workers": put(workers, n, ("close", life, "look"))}
            yield self._step(state, (who, "looks after the parent"), looks)

    @staticmethod
    def _held(workers: Any, epoch: int) -> bool:
        acts = [
            worker[2] if worker[0] == "close" and isinstance(worker[2], tuple) else worker
            for worker in workers
        ]
        return any(act[0] in {"page", "kids", "wait", "gather"} and act[1] == epoch for act in acts)

    def _claimed(self, state: State, n: int, label: Label, cost: Any, *, fault: bool = False) -> Step:
        """The right to run the parent: it makes children from the last page on, or goes on with what they came to."""
        (where, epoch, life, wish), lives, workers, _, _ = state
        on, epoch = where.endswith(" on"), epoch + 1
        running = "RUNNING on" if on else "RUNNING"
        if wish:
            changes = {"parent": ("CANCELLED", epoch, life, wish), **cost}
            return self._step(state, label, changes, fault=fault)
        there = [number for number, page in enumerate(lives[life][1]) if page is not None]
        first = "page" if self.rules.page_first else "kids"
        then = ("gather", epoch) if on else (first, epoch, life, max(there, default=0), epoch)
        changes = {"parent": (running, epoch, life, wish), "workers": put(workers, n, then), **cost}
        return self._step(state, label, changes, fault=fault)

    def _acts(self, state: State, n: int, who: str, worker: Actor) -> Iterator[Step]:
        parent, lives, workers, air, left = state
        if worker[0] == "find":  # the look has read the pages: what it finds to do
            found = self._found(lives[worker[1]], worker[1])
            for then in found:
                yield self._step(
                    state, (who, "finds what to do:", then[0]), {"workers": put(workers, n, then)}
                )
            return
        if worker[0] == "read":
            mine = parent[2] == worker[1] if self.rules.join_awaits else True
            goes = mine and (parent[0] == "WAITING" or not self.rules.join_conditional)
            then = (
                ("join", parent[1], parent[2] if not self.rules.join_awaits else worker[1], worker[2])
                if goes
                else self._heard(worker[2])
            )
            changes = {"workers": put(workers, n, then)}
            yield self._step(
                state, (who, "reads the parent"), {**changes, **self._acked(then, changes | {"lives": lives})}
            )
            return
        changes, then, broken = self._land(state, worker)
        settled = {**changes, "workers": put(workers, n, then)}
        yield self._step(
            state,
            (who, "does", worker[0]),
            {**settled, **self._acked(then, {"lives": lives, **settled})},
            broken=broken,
        )
        if left[0]:
            cost = {"left": (left[0] - 1, *left[1:])}
            yield self._step(
                state, (who, worker[0], ": no reply, asks again"), {**cost, "air": (*air, worker)}, fault=True
            )
            if self._may_die(worker):
                gone = {**cost, "air": (*air, worker), "workers": put(workers, n, IDLE)}
                yield self._step(state, (who, worker[0], ": no reply, gives up"), gone, fault=True)

    def _may_die(self, worker: Actor) -> bool:
        return self.dies == "anybody" or (
            self.dies == "tellers" and worker[0] in {"mark", "note", "read", "join"} and worker[-1] != ()
        )

    @staticmethod
    def _heard(told: Any) -> Actor:
        return ("ack", *told) if told else IDLE

    @staticmethod
    def _acked(then: Actor, changes: dict[str, Any]) -> dict[str, Any]:
        """Whoever has told of a child acknowledges its message with that."""
        if then[0] != "ack":
            return {}
        lives, workers = changes["lives"], changes["workers"]
        _, life, number = then
        children = lives[life][0]
        rows = tuple((made, how, how in ENDED) for made, how, _ in children[number])
        return {
            "lives": put(lives, life, (put(children, number, rows), *lives[life][1:])),
            "workers": put(workers, workers.index(then), IDLE),
        }

    def _found(self, life: Any, number: int) -> list[Actor]:
        """What a look finds: children that have ended and are not marked, full pages that are not in the book, a complete book."""
        children, pages, book, _ = life
        found: list[Actor] = []
        for page_no, page in enumerate(pages):
            if page is None:
                continue
            places = [n for n, of in enumerate(self.page_of) if of == page_no]
            if self.rules.looks_for_children:
                found += [
                    ("mark", number, n, how)
                    for n in places
                    for _, how, _ in children[n]
                    if n not in page[2] and how in ENDED
                ]
            if all(n in page[2] for n in places) and page_no not in book[1]:
                found.append(("note", number, page_no, ()))
        return found or [("read", number, ()) if self._complete(book) or (self.hasty and book[2]) else IDLE]

    def _complete(self, book: Any) -> bool:
        return book[0] and len(book[1]) == self.pages

    # ------------------------------------------------------------------------------------------------ what a write does

    def _land(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        """What a write changes, what its writer does next by its answer, and the invariant that it breaks."""
        match write[0]:
            case "page" | "kids":
                return self._fan(state, write)
            case "wait":
                return self._wait(state, write)
            case "close":
                return self._close(state, write)
            case "mark":
                return self._mark(state, write)
            case "note":
                return self._note(state, write)
            case "join":
                return self._join(state, write)
            case _:
                return self._gather(state, write)

    def _fan(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        kind, epoch, life, number, own = write
        lives = state[1]
        children, pages, book, fired = lives[life]
        first = "page" if self.rules.page_first else "kids"
        page = pages[number]
        if kind == "page":
            if page is None:
                kept = self._kept(lives, life, number) if self.rules.kept_known else ()
                page = (own, kept, kept, ())
            changes = {"lives": put(lives, life, (children, put(pages, number, page), book, fired))}
        else:
            made, kept = (page[0], page[1]) if page is not None else (own, ())
            if not self.rules.kept_known:
                kept = self._kept(lives, life, number)
            for place, of in enumerate(self.page_of):
                if of == number and place not in kept and made not in [row[0] for row in children[place]]:
                    children = put(children, place, (*children[place], (made, OPEN, False)))
            changes = {"lives": put(lives, life, (children, pages, book, fired))}
        if kind == first:
            return changes, ("kids" if kind == "page" else "page", epoch, life, number, own), None
        if number + 1 < self.pages:
            return changes, (first, epoch, life, number + 1, own), None
        if not self.rules.closed_last:
            return changes, ("close", life, ("wait", epoch, life)), None
        return changes, ("wait", epoch, life), None

    def _kept(self, lives: Any, life: int, number: int) -> tuple[int, ...]:
        if not life or lives[life - 1][1][number] is None:
            return ()
        page = lives[life - 1][1][number]
        return tuple(n for n in page[2] if n not in page[3])

    def _wait(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        (where, epoch, life, wish), lives, *_ = state
        then: Actor = ("close", life, "attempt") if self.rules.closed_last else IDLE
        if where == "WAITING" and epoch == write[1]:  # its own mark: the reply was lost
            return {}, then, None
        if where != "RUNNING" or epoch != write[1]:
            return {}, IDLE, None
        if wish:
            return {"parent": ("CANCELLED", epoch, life, wish)}, IDLE, None
        children, pages = lives[life][:2]
        lacks = [n for n, rows in enumerate(children) if not rows and n not in pages[self.page_of[n]][1]]
        broken = "KIN: it waits, and a child is not there" if lacks and self.rules.kept_known else None
        return {"parent": ("WAITING", epoch, life, wish)}, then, broken

    def _close(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        _, life, why = write
        children, pages, book, fired = state[1][life]
        book = (True, *book[1:])
        changes = {"lives": put(state[1], life, (children, pages, book, fired))}
        if why == "look":
            return changes, ("find", life), None
        if why != "attempt":
            return changes, why, None
        goes = self._complete(book) or (self.hasty and book[2] and self.rules.hasty_seen)
        return changes, ("read", life, ()) if goes and self.rules.closed_looks else IDLE, None

    def _mark(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        _, life, number, how = write
        children, pages, book, fired = state[1][life]
        told = (life, number)
        page = pages[self.page_of[number]]
        if page is None:
            return {}, ("ack", *told), None
        done = tuple(sorted({*page[2], number})) if self.rules.numbered else (*page[2], number)
        bad = tuple(sorted({*page[3], number})) if how == BAD else page[3]
        new = (*page[:2], done, bad)
        changes = {
            "lives": put(state[1], life, (children, put(pages, self.page_of[number], new), book, fired))
        }
        full = len(done) >= self.page_of.count(self.page_of[number])
        goes = (full or how == BAD) and (self.rules.returned_set or new != page)
        urgent = how == BAD and self.hasty
        return (
            changes,
            ("note", life, self.page_of[number], (*told, urgent)) if goes else ("ack", *told),
            None,
        )

    def _note(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        _, life, number, told = write
        children, pages, book, fired = state[1][life]
        page = pages[number]
        full = len(page[2]) >= self.page_of.count(number)
        known = tuple(sorted({*book[1], number})) if full else book[1]
        spoilt = tuple(sorted({*book[2], number})) if page[3] else book[2]
        book = (book[0], known, spoilt)
        changes = {"lives": put(state[1], life, (children, pages, book, fired))}
        goes = self._complete(book) or (told and told[2])
        return changes, ("read", life, told[:2]) if goes else self._heard(told[:2]), None

    def _join(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        (where, epoch, life, wish), lives, *_ = state
        _, seen, awaited, told = write
        then = self._heard(told)
        allowed = where == "WAITING" and epoch == seen and life == awaited
        if not (allowed or not self.rules.join_conditional):
            return {}, then, None
        children, pages, book, fired = lives[life]
        ended = all(
            any(row[1] in ENDED for row in rows) or (pages[self.page_of[n]] or ((), ()))[1].count(n)
            for n, rows in enumerate(children)
        )
        bad = any(row[1] == BAD for rows in children for row in rows)
        broken = None
        if not ended and not (self.hasty and bad):
            broken = "I7: it joins before every child has ended"
        elif where in OVER:
            broken = f"I2: it joins, and is {where}"
        changes = {
            "parent": ("QUEUED on", epoch, life, wish),
            "lives": put(lives, life, (children, pages, book, fired + 1)),
        }
        return changes, then, broken

    def _gather(self, state: State, write: Actor) -> tuple[dict[str, Any], Actor, str | None]:
        (where, epoch, life, wish), lives, *_ = state
        if where != "RUNNING on" or epoch != write[1]:
            return {}, IDLE, None
        bad = bool(lives[life][2][2])
        end = "CANCELLED" if wish else "DEAD" if bad else "SUCCEEDED"
        return {"parent": (end, epoch, life, wish)}, IDLE, None

    # ---------------------------------------------------------------------------------------------------------- telling

    def _step(
        self,
        state: State,
        label: Label,
        new: dict[str, Any],
        *,
        fault: bool = False,
        broken: str | None = None,
    ) -> Step:
        after = [new.get(name, old) for name, old in zip(self.FIELDS, state, strict=True)]
        after[2] = tuple(sorted(after[2], key=repr))
        after[3] = tuple(sorted((w for w in after[3] if not self._past(w, after[0])), key=repr))
        return Step(label, tuple(after), fault, broken)

    @staticmethod
    def _past(write: Actor, parent: Any) -> bool:
        """A write in the air that can change nothing any more."""
        return write[0] in {"wait", "gather"} and write[1] != parent[1]

    def tell(self, label: Label) -> str:
        return words.tell(tuple(str(part) for part in label))

    def show(self, state: State) -> str:
        (where, epoch, life, wish), lives, workers, air, _ = state
        parts = [f"parent {where} epoch {epoch} life {life}" + " wish" * wish]
        for number, (children, pages, book, fired) in enumerate(lives):
            rows = ", ".join("/".join(row[1] for row in rows) or "-" for rows in children)
            parts.append(f"life {number}: {rows}; pages {pages}; book {book}; joined {fired}")
        parts += [f"worker {n + 1} is to {worker}" for n, worker in enumerate(workers) if worker != IDLE]
        parts += [f"in the air: {write}" for write in air]
        return "; ".join(parts)
