"""A shop with a bank, and a registry of the test's own for the tasks that work with it."""

from functools import partial

import pytest

from chalicelib.pipeline.task import Options, Registry
from jobline import testing
from jobline.pytest_plugin import crash_every_point, jobline  # noqa: F401 - fixtures, also where nothing is installed
from jobline.testing import effect


class Bank:
    """A stand-in: what it was asked to do, and what it did."""

    def __init__(self):
        self.charges = []
        self.mails = []
        self._keys = set()

    @effect
    def charge(self, order, key=None):
        if key is None or key not in self._keys:
            self.charges.append(order)
            self._keys.add(key)

    @effect
    async def charge_slowly(self, order):
        self.charges.append(order)

    @effect
    def charged(self, order):
        return order in self.charges

    @effect
    def mail(self, order):
        self.mails.append(order)


class Shop:
    """Tasks, and the world they work in: `bank` is another one in each schedule."""

    def __init__(self):
        self.tasks = Registry()
        self.bank = Bank()
        self.crash = partial(testing.crash_every_point, setup=self.open, registry=self.tasks)

    def open(self):
        self.bank = Bank()
        return self.bank

    def task(self, function, **options):
        return self.tasks.add(function, None, Options(**options))


@pytest.fixture
def shop():
    return Shop()


def charged_once(run):
    assert run.world.charges == [7]


@pytest.fixture
def once():
    return charged_once
