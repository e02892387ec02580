"""The default input of the demo: a folder of pictures, tables and texts, some of them broken on purpose."""

from examples.demo.samples.folder import make_samples
from examples.demo.samples.pictures import pictures
from examples.demo.samples.sample import Sample
from examples.demo.samples.tables import tables
from examples.demo.samples.texts import texts

__all__ = ["Sample", "all_samples", "make_samples"]


def all_samples() -> list[Sample]:
    """Every file of the sample folder, the ones that take longest to make first."""
    return [*pictures(), *tables(), *texts()]
