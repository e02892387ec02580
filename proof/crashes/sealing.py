"""A stage that seals what its jobs carry: the sealer of its processes, as wiring makes it, and how the proof opens what they sealed."""

from collections.abc import Sequence
from random import Random
from typing import Any, cast

from chalicelib.adapters.aws.key_service import Kms
from chalicelib.adapters.cipher import NONCE, AesGcm
from chalicelib.domain.errors import KeyUnavailable
from chalicelib.pipeline.items import Items
from chalicelib.pipeline.sealer import NOT_SEALED, Sealer, Whose
from chalicelib.pipeline.sealing.envelope import Envelope
from chalicelib.pipeline.sealing.ring import Ring
from proof.crashes.account import Account
from proof.crashes.clock import HeldClock


class Numbered(AesGcm):
    """The cipher, with nonces by the plan's chance: a plan is the same each time."""

    def __init__(self) -> None:
        self._chance = Random(0)

    def seal(self, key: bytes, body: bytes, bound: bytes, nonce: bytes | None = None) -> bytes:
        """As AES-GCM seals."""
        return super().seal(key, body, bound, nonce or self._chance.randbytes(NONCE))


def sealer_of(
    account: Account, items: Items, clock: HeldClock, masters: Sequence[str], cipher: AesGcm
) -> Sealer:
    """What a process seals with that has just started: the first of the keys; the others are for opening. None: nothing is sealed."""
    if not masters:
        return NOT_SEALED
    ring = Ring(
        items,
        Kms(account.clients),
        clock,
        stage=account.settings.table,
        seals=masters[0],
        opens=masters[1:],
    )
    return Envelope(ring, cipher)


class _Known:
    """All data keys of the stage."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def key(self, name: bytes, *, make: bool = False) -> bytes:  # noqa: ARG002 - as the ring's
        try:
            return self._account.data_key(name.hex(), self._account.settings.table)
        except KeyError as error:
            raise KeyUnavailable(f"there is no data key {name.hex()}") from error


class Opener:
    """Opens whatever the stage has sealed, whichever key is away."""

    def __init__(self, account: Account) -> None:
        self._envelope = Envelope(cast("Any", _Known(account)), AesGcm())

    def __call__(self, body: bytes, whose: Whose) -> bytes:
        """As `Sealer.open`."""
        return self._envelope.open(body, whose)
