"""Work spread over processes comes back in order, and stops when whoever gives it out stops."""

import pytest

from proof.spread import spread


def double(number):
    return number * 2


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_their_pieces(processes):
    assert list(spread(double, range(20), processes)) == [number * 2 for number in range(20)]


@pytest.mark.parametrize(("processes", "most"), [(1, 3), (2, 7)])
def test_whoever_gives_out_the_pieces_can_look_at_the_results_and_stop(processes, most):
    seen = []

    def pieces():
        number = 0
        while len(seen) < 3:
            yield number
            number += 1

    for result in spread(double, pieces(), processes):
        seen.append(result)  # noqa: PERF402 - `pieces` looks at what is there so far
    assert 3 <= len(seen) <= most, "no more than were ahead"


@pytest.mark.parametrize("processes", [1, 2])
def test_what_the_work_raises_is_raised(processes):
    with pytest.raises(TypeError):
        list(spread(double, [None], processes))
