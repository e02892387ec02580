"""More than five hundred things that nobody should send: each is refused by its name, none is a server error, and nothing of any stays."""

from chalicelib import wiring
from tests.api.desk import Desk
from tests.security.ground import quiet
from tests.security.inputs import Bad, bad_inputs
from tests.security.tally import tell


def test_every_bad_input_is_refused_names_what_is_wrong_and_leaves_nothing():
    cases, found, errors = list(bad_inputs()), [], 0
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        caller = desk.caller("admin")
        for bad in cases:
            try:
                reply = bad.ask(caller)
            except AssertionError as error:  # the desk holds every answer against the OpenAPI document
                found.append(f"{bad}: {error}")
                continue
            trouble = bad.wrong(reply)
            found += [trouble] if trouble else []
            errors += reply.status >= 500
    tell(cases=len(cases), server_errors=errors)
    assert not found, "\n".join(found)
    assert not desk.store.rows
    assert not desk.queue.messages
    assert not desk.keys.claims
    assert {spot.shelf for spot in desk.parts.items.shelves} == {"keyuse"}


def test_the_table_has_five_hundred_and_none_twice():
    cases = [str(bad) for bad in bad_inputs()]
    assert len({*cases}) == len(cases) >= 500


def test_the_judge_sees_what_is_taken_though_it_is_wrong():
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        caller = desk.caller()
        fine = Bad(statuses=(422,), method="POST", path="/jobs", body={"task": "echo"})
        assert "202" in (fine.wrong(fine.ask(caller)) or "")
        other = Bad(statuses=(422,), method="POST", path="/jobs", body={"task": 1}, argument="args")
        assert "names 'task'" in (other.wrong(other.ask(caller)) or "")
