"""The data keys of a stage: one an hour, each an item on the shelf `sealing`, wrapped by the master key.

All processes of an hour share its key: so what is sealed has to name eight bytes of it and not to carry it, KMS is asked once in some
minutes by each process, and rows stay small. Whoever is first in an hour makes the key; a second one finds it there. The wrapped key
is bound to the stage and to its own name, so an item that is put in another's place does not open.
"""

import threading
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from chalicelib.domain.change import Missing
from chalicelib.domain.errors import KeyUnavailable, MachineryError
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline.items import Edit, Items, Spot, Value
from chalicelib.pipeline.ports import World
from chalicelib.pipeline.sealing.needs import KeyService

SHELF = "sealing"
PERIOD = timedelta(hours=1)
"""How long new payloads are sealed with one data key. At 10,000 jobs a second that are 2^27 nonces; AES-GCM's bound is 2^32."""

HELD = timedelta(minutes=5)
"""How long a process opens with a data key before it asks KMS for it again: so soon a master key that is switched off works no more."""

GRACE = timedelta(minutes=20)
"""How long after its hour a process may still seal with a key when it cannot have the next one: longer than any attempt."""

MOST_HELD = 256
"""Data keys that a process holds: of the last ten days, if it asks for all of those."""

SULK = timedelta(seconds=1)
"""For so long after KMS has said no, nobody here asks it again: a batch's threads get the same answer."""

LASTING = bytes(4)
"""Where names of hours' keys have the hour."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """A data key, and until when it is held."""

    key: bytes
    until: datetime


class Ring:
    """One process's hold on a stage's data keys. For any thread."""

    def __init__(
        self,
        items: Items,
        service: KeyService,
        world: World,
        *,
        stage: str,
        seals: str | None,
        opens: Sequence[str] = (),
    ) -> None:
        """`seals`: the master key that new data keys are made by; `opens`: others, whose data keys are still used to open."""
        self._items = items
        self._service = service
        self._world = world
        self._stage = stage
        self._seals = seals
        self._masters = {_short(one): one for one in (*opens, *([seals] if seals else []))}
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, Held] = OrderedDict()
        self._newest: tuple[bytes, Held] | None = None
        self._no: dict[bytes, tuple[datetime, KeyUnavailable]] = {}

    @property
    def seals(self) -> bool:
        """Whether there is a key to seal with."""
        return self._seals is not None

    def now(self) -> tuple[bytes, bytes]:
        """The name of the key to seal with, and the key. Raises `KeyUnavailable`."""
        if self._seals is None:
            raise KeyUnavailable("nothing is sealed here: JOBLINE_SEAL_KEY names no key")
        at = self._world.now()
        newest = self._newest
        name = _hour(at) + _short(self._seals)
        try:
            found = (name, Held(self.key(name, make=True), at - _since_hour(at) + PERIOD + GRACE))
        except KeyUnavailable:
            if newest is None or at >= newest[1].until:
                raise
            found = newest  # what an attempt came to is not lost for KMS
        self._newest = found
        return found[0], found[1].key

    def lasting(self) -> tuple[bytes, bytes]:
        """The one key of the master key that is not of an hour: what digests are made with that have to be the same tomorrow."""
        if self._seals is None:
            raise KeyUnavailable("nothing is sealed here: JOBLINE_SEAL_KEY names no key")
        name = LASTING + _short(self._seals)
        return name, self.key(name, make=True)

    def key(self, name: bytes, *, make: bool = False) -> bytes:
        """The data key of that name. Raises `KeyUnavailable`: also when its item or its master key is not known here."""
        held = self._held.get(name)
        if held is not None and self._world.now() < held.until:
            return held.key
        with self._lock:  # one of a batch's threads asks, the others wait for what it hears
            at = self._world.now()
            held = self._held.get(name)
            if held is not None and at < held.until:
                return held.key
            told = self._no.get(name[4:])
            if told is not None and at < told[0]:
                raise told[1]
            try:
                key = self._asked(name, make=make)
            except KeyUnavailable as error:
                if name[4:] in self._masters:  # of this master key: another one may be well
                    self._no[name[4:]] = (at + SULK, error)
                raise
            except MachineryError as error:  # the table's trouble
                raise KeyUnavailable(f"data key {name.hex()}: {error}") from error
            self._held[name] = Held(key, at + HELD)
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
            return key

    def _asked(self, name: bytes, *, make: bool) -> bytes:
        master = self._masters.get(name[4:])
        if master is None:
            raise KeyUnavailable(
                f"data key {name.hex()} is of a master key that neither JOBLINE_SEAL_KEY nor JOBLINE_OPEN_KEYS names"
            )
        spot, context = Spot(SHELF, name.hex()), {"stage": self._stage, "key": name.hex()}
        fields = self._items.read(spot)
        if "wrapped" not in fields:
            if not make:
                raise KeyUnavailable(f"data key {name.hex()} is not in the table: what it sealed is lost")
            key, wrapped = self._service.make(master, context)
            said: dict[str, Value] = {"wrapped": b64encode(wrapped).decode()}
            fields = self._items.write(spot, Edit(where=((Missing("wrapped"),),), set=said)).fields
            if fields["wrapped"] == said["wrapped"]:
                return key
        return self._service.unwrap(master, b64decode(str(fields["wrapped"])), context)


def _hour(at: datetime) -> bytes:
    return ((at - _EPOCH) // PERIOD).to_bytes(4, "big")


def _since_hour(at: datetime) -> timedelta:
    return (at - _EPOCH) % PERIOD


def _short(master: str) -> bytes:
    """Four bytes by which a stage's master keys are told apart."""
    return sha256(master.encode()).digest()[:4]
