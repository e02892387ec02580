from pathlib import Path

from chalicelib.pipeline.task import REGISTRY
from examples.demo import tasks
from examples.demo.inputs import sample_inputs
from examples.demo.plan import KINDS, Places, mail_order, orders_for, sheet_order
from examples.demo.samples import all_samples
from examples.demo.site import default_pages

PLACES = Places(out=Path("/out"), run="demo-1")


def _orders():
    files = sample_inputs(Path("/in"), all_samples()).files
    return orders_for(files, default_pages(), "http://site", PLACES)


def test_the_default_run_is_a_few_hundred_jobs_of_every_kind():
    orders = [*_orders(), sheet_order(["/out/a.jpg"], PLACES), mail_order("Done", None, PLACES)]

    assert 300 <= len(orders) <= 400
    assert {order.kind for order in orders} == set(KINDS)
    assert len({order.key for order in orders}) == len(orders)


def test_the_mix_is_the_same_in_every_run():
    assert [order.key for order in _orders()] == [order.key for order in _orders()]


def test_every_order_fits_its_task():
    # given the tasks as the API knows them
    assert tasks.make_thumbnail.name in REGISTRY

    # then each order's arguments pass the check that the API makes
    for order in [
        *_orders(),
        sheet_order(["/out/a.jpg"], PLACES),
        mail_order("Done", Path("/out/s.jpg"), PLACES),
    ]:
        REGISTRY[order.task].signature.check(dict(order.args))


def test_no_two_jobs_write_to_one_file():
    targets = [order.args["target"] for order in _orders() if "target" in order.args]

    assert len(set(targets)) == len(targets)
    assert all(str(target).startswith("/out/") for target in targets)
