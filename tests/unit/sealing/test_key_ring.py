"""The hour's data key: made once, found by all, asked for again after some minutes, and of no use anywhere else."""

from datetime import timedelta
from threading import Thread

import pytest

from chalicelib.adapters.memory import HeldWorld, MemoryItems
from chalicelib.adapters.memory.sealing import MASTER, MemoryKeyService, memory_sealer
from chalicelib.domain.errors import KeyUnavailable, PayloadMissing, Unavailable
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.sealer import Field, Whose
from chalicelib.pipeline.sealing.ring import GRACE, HELD, PERIOD, SHELF, SULK
from tests.support.faults import How

OTHER = MASTER.replace("key/0", "key/1")
WHOSE = Whose(tenant="ann", id="job", field=Field.ARGS)


class Cloud:
    """A table and KMS; `process` is another process of the stage."""

    def __init__(self):
        self.items, self.world, self.kms = MemoryItems(), HeldWorld(), MemoryKeyService()

    def process(self, **how):
        return memory_sealer(self.items, self.world, service=self.kms, **how)

    def keys(self):
        return [key for key, _ in self.items.listed(SHELF, limit=100)]


@pytest.fixture
def cloud():
    return Cloud()


def test_one_key_an_hour_and_one_question_in_five_minutes_a_process(cloud):
    one, other = cloud.process(), cloud.process()
    sealed = [one.seal(b"a", WHOSE) for _ in range(100)]
    assert [other.open(each, WHOSE) for each in sealed] == [b"a"] * 100
    assert cloud.kms.asked == ["make", "unwrap"]
    cloud.world.advance(HELD)
    one.seal(b"a", WHOSE)
    assert cloud.kms.asked == ["make", "unwrap", "unwrap"]
    cloud.world.advance(PERIOD)
    one.seal(b"a", WHOSE)
    assert cloud.kms.asked[3:] == ["make"]
    assert len(cloud.keys()) == 2


def test_what_was_sealed_long_ago_opens(cloud):
    sealed = cloud.process().seal(b"a", WHOSE)
    cloud.world.advance(timedelta(days=300))
    assert cloud.process().open(sealed, WHOSE) == b"a"


def test_two_who_are_first_at_the_same_time_use_the_one_key(cloud):
    one, other = cloud.process(), cloud.process()
    make = cloud.kms.make

    def late(key, context):
        cloud.kms.make = make
        other.seal(b"b", WHOSE)
        return make(key, context)

    cloud.kms.make = late
    sealed = one.seal(b"a", WHOSE)
    assert len(cloud.keys()) == 1
    assert other.open(sealed, WHOSE) == b"a"


@pytest.mark.parametrize("how", [How.REPLY_LOST, How.NO_ANSWER, How.CRASH_AFTER])
def test_a_key_whose_making_was_not_answered_is_found_or_made_again(cloud, how):
    # given a first process that does not learn whether the key was written
    cloud.items.write, write = lose(cloud.items.write, how), cloud.items.write
    with pytest.raises((KeyUnavailable, Gone)):
        cloud.process().seal(b"a", WHOSE)
    cloud.items.write = write
    # then the next one goes on with what is there
    sealed = cloud.process().seal(b"a", WHOSE)
    assert cloud.process().open(sealed, WHOSE) == b"a"
    assert len(cloud.keys()) == 1


class Gone(Exception):
    """The process died."""


def lose(call, how):
    def lost(*args):
        if how is not How.NO_ANSWER:
            call(*args)
        raise Gone if how is How.CRASH_AFTER else Unavailable("no reply")

    return lost


@pytest.mark.parametrize(
    "whose",
    [
        Whose(tenant="bob", id="job", field=Field.ARGS),
        Whose(tenant="ann", id="other", field=Field.ARGS),
        Whose(tenant="ann", id="job", field=Field.RESULT),
    ],
)
def test_what_is_moved_does_not_open(cloud, whose):
    sealer = cloud.process()
    sealed = sealer.seal(b"a", WHOSE)
    with pytest.raises(PayloadMissing):
        sealer.open(sealed, whose)


def test_a_changed_byte_is_told_wherever_it_is(cloud):
    sealer = cloud.process()
    sealed = sealer.seal(b"something", WHOSE)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises((PayloadMissing, KeyUnavailable)):  # a key of that name is not there
            sealer.open(bytes(changed), WHOSE)
        cloud.world.advance(SULK)
    for end in range(len(sealed)):
        with pytest.raises((PayloadMissing, KeyUnavailable)):
            sealer.open(sealed[:end], WHOSE)
        cloud.world.advance(SULK)


def test_a_key_put_in_anothers_place_opens_nothing(cloud):
    sealer = cloud.process()
    first = sealer.seal(b"a", WHOSE)
    cloud.world.advance(PERIOD)
    sealer.seal(b"b", WHOSE)
    old, new = cloud.keys()
    cloud.items.write(Spot(SHELF, old), Edit(set=cloud.items.read(Spot(SHELF, new))))
    with pytest.raises((PayloadMissing, KeyUnavailable)):
        cloud.process().open(first, WHOSE)


def test_a_master_key_that_is_switched_off_opens_nothing_after_five_minutes(cloud):
    sealer = cloud.process()
    sealed = sealer.seal(b"a", WHOSE)
    cloud.kms.off.add(MASTER)
    assert sealer.open(sealed, WHOSE) == b"a"
    cloud.world.advance(HELD)
    with pytest.raises(KeyUnavailable, match="switched off"):
        sealer.open(sealed, WHOSE)


def test_what_was_begun_can_still_be_sealed_when_kms_is_gone_but_not_for_ever(cloud):
    sealer = cloud.process()
    sealer.ready()
    cloud.kms.fails = KeyUnavailable("throttled")
    cloud.world.advance(timedelta(minutes=15))  # the longest that an attempt may take
    sealed = sealer.seal(b"a", WHOSE)
    cloud.world.advance(PERIOD + GRACE)
    with pytest.raises(KeyUnavailable, match="throttled"):
        sealer.seal(b"a", WHOSE)
    cloud.kms.fails = None
    cloud.world.advance(SULK)
    assert sealer.open(sealed, WHOSE) == b"a"


def test_while_kms_says_no_a_batch_asks_it_once(cloud):
    sealer = cloud.process()
    cloud.kms.fails = KeyUnavailable("throttled")
    threads = [Thread(target=seals_in_vain, args=[sealer]) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert cloud.kms.asked == ["make"]
    cloud.world.advance(SULK)
    seals_in_vain(sealer)
    assert cloud.kms.asked == ["make", "make"]


def seals_in_vain(sealer):
    with pytest.raises(KeyUnavailable):
        sealer.seal(b"a", WHOSE)


def test_rotation_the_old_key_opens_and_the_new_one_seals(cloud):
    old = cloud.process().seal(b"a", WHOSE)
    sealer = cloud.process(seals=OTHER)
    new = sealer.seal(b"b", WHOSE)
    cloud.kms.off.add(MASTER)
    assert cloud.process(seals=OTHER).open(new, WHOSE) == b"b"
    with pytest.raises(KeyUnavailable):
        cloud.process(seals=OTHER).open(old, WHOSE)
    cloud.kms.off.clear()
    assert cloud.process(seals=OTHER).open(old, WHOSE) == b"a"


def test_a_digest_is_known_again_by_its_own_key_and_cannot_be_made_without(cloud):
    one = cloud.process()
    digest = one.digest("d" * 32)
    assert "d" * 8 not in digest
    cloud.world.advance(timedelta(hours=23))
    assert one.digest("d" * 32) == cloud.process().digest("d" * 32) == digest
    rotated = cloud.process(seals=OTHER)
    assert rotated.digest("d" * 32) != digest
    assert rotated.is_of(digest, "d" * 32)
    assert not rotated.is_of(digest, "e" * 32)
    only_opens = cloud.process(seals=None)
    assert (only_opens.on, only_opens.digest("d" * 32)) == (False, "d" * 32)
    assert only_opens.is_of(digest, "d" * 32)
    assert one.is_of("d" * 32, "d" * 32)  # of before anything was sealed
    with pytest.raises(KeyUnavailable):
        only_opens.seal(b"a", WHOSE)


def test_alike_seals_the_same_to_the_same_and_nothing_else_to_it(cloud):
    one = cloud.process()
    sealed = one.seal(b"a", WHOSE, alike=True)
    cloud.world.advance(timedelta(days=2))
    other = cloud.process()
    assert other.seal(b"a", WHOSE, alike=True) == sealed
    assert other.seal(b"b", WHOSE, alike=True)[:21] != sealed[:21], "one nonce for two texts"
    assert other.open(sealed, WHOSE) == b"a"
    assert one.seal(b"a", WHOSE) != one.seal(b"a", WHOSE)


def test_an_old_master_key_that_is_switched_off_is_in_no_new_ones_way(cloud):
    old = cloud.process(seals=MASTER).seal(b"a", WHOSE)
    cloud.kms.off.add(MASTER)
    new = cloud.process(seals=OTHER)
    with pytest.raises(KeyUnavailable):
        new.open(old, WHOSE)
    assert new.open(new.seal(b"b", WHOSE), WHOSE) == b"b"
