"""What a child imports to know the cases. Only there: the tests' own process keeps them out of the real registry."""

from chalicelib.pipeline.task import REGISTRY
from tests.adapters.cases import register

register(REGISTRY)
