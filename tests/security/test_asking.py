"""A sample of the fuzzing, small enough for every run: `make fuzz` asks a hundred thousand times, and feeds the readers ten million."""

from random import Random

import pytest

from proof.security.targets import SEEDS, TARGETS, refuses
from tests.security.asking import Asker
from tests.security.ground import furnished, quiet
from tests.security.tally import tell

ROUND = 250


@pytest.mark.parametrize("seed", range(8))
def test_nothing_that_is_asked_is_a_server_error_or_answered_as_it_is_not_documented(seed):
    with quiet():
        ground = furnished()
        caller = ground.desk.caller("admin", tenant="ann")
        found, errors, good = [], 0, 0
        for line, reply in Asker(ground, seed).asked(caller, ROUND):
            if isinstance(reply, AssertionError):
                found.append(f"{line}: {reply}")
                errors += "answers 500" in str(reply)
                continue
            errors += reply.status >= 500
            good += reply.status < 300
            found += [f"{line}: {reply.text}"] if reply.status >= 500 else []
    tell(cases=ROUND, server_errors=errors)
    assert not found, "\n".join(found)
    assert good > ROUND / 10, "and some of it was right"


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_refuses_in_its_own_words_or_what_it_takes_holds_together(name):
    chance, target, seeds = Random(name), TARGETS[name], SEEDS[name]
    assert not any(refuses(target, seed) for seed in seeds), "the seeds are right"
    refused = 0
    for _ in range(1500):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            at, how = chance.randrange(len(data) + 1), chance.random()
            data[at : at + (how < 0.7)] = (
                b"" if how < 0.2 else bytes([chance.randrange(256)]) if how < 0.8 else chance.choice(seeds)
            )
        refused += refuses(target, bytes(data))
    tell(cases=1500)
    assert refused or name == "ids"
