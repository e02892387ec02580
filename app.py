"""The doors, and nothing else: what Chalice deploys and Lambda calls. What they lead to is in chalicelib/."""

from chalice import Chalice

from chalicelib.entrypoints.consumer import consume_default, consume_high, consume_low, consumers, dead_letters
from chalicelib.entrypoints.tick import tick, ticks

__all__ = ["app", "consume_default", "consume_high", "consume_low", "dead_letters", "tick"]

app = Chalice(app_name="jobline")
app.register_blueprint(consumers)
app.register_blueprint(ticks)
