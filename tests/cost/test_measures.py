"""The measures beside the race, very small, so that `make measures` cannot rot unseen. What they find is not judged: machines differ."""

import json

import pytest

from bench.measures.__main__ import MEASURES, main
from bench.measures.door import door
from bench.measures.enqueueing import enqueueing
from bench.measures.memory import Grown, grown
from bench.measures.sides import Sides, Took, in_turns


def test_two_sides_take_turns_and_the_first_is_not_counted():
    order: list[str] = []
    found = in_turns(lambda: order.append("ours"), lambda: order.append("theirs"), turns=2)
    assert order == ["ours", "theirs"] * 3
    assert (len(found.ours), len(found.theirs)) == (2, 2)


def test_a_ratio_is_that_of_the_middles():
    times = [Took(wall=wall, cpu=1.0) for wall in (9.0, 3.0, 2.0)]
    found = Sides(ours=times, theirs=[Took(wall=2.0, cpu=2.0)] * 3)
    assert (found.ratio("wall"), found.ratio("cpu")) == (1.5, 0.5)


def test_memory_is_that_of_the_end_beside_that_after_a_fifth():
    found = Grown(jobs=1000, rss=[10, 10, 20, 20, 22, 22, 24, 24, 30, 30])
    assert (found.early, found.late, found.ratio) == (20, 30, 1.5)
    assert found.bytes_a_job == pytest.approx(10 * 1024 / 700)


def test_the_door_and_the_bare_route_accept_what_they_are_asked():
    found = door(requests=2)
    assert len(found.ours) == len(found.theirs) == 2
    assert found.ratio("cpu") > 0


def test_jobs_are_enqueued_by_all_three_ways():
    assert set(enqueueing(jobs=12, turns=1)) == {"the same calls", "batches without a condition"}


def test_jobs_come_to_their_end_while_memory_is_looked_at():
    assert len(grown(jobs=100, samples=5).rss) == 5


def test_the_command_says_it_for_programs(capsys, tmp_path):
    assert main(["memory", "--memory", "1000", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("memory jobs=1000 ")
    assert set(json.loads((tmp_path / "measures.json").read_text())) == {"memory"}
    assert set(MEASURES) == {"door", "enqueue", "memory"}


@pytest.mark.parametrize("words", [["speed"], ["--requests", "0"], ["--memory", "10"]])
def test_the_command_refuses_what_it_cannot_measure(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_consumers_memory_stays_flat_over_many_jobs():
    found = grown(jobs=200_000)
    assert found.ratio <= 1.05, found.rss
