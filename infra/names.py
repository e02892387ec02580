"""Every name of a stage, in one place: what the template makes, what Chalice makes of app.py, what alarms and people look for.

    Names(app="jobline", stage="dev").functions["tick"]    # jobline-dev-tick

Nothing here asks AWS; tests hold these names against the template and against what Chalice plans.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from chalicelib.lanes import DECLARED, LANES

DEAD_LETTERS = "dead-letters"
API = "api_handler"

FED_BY: Mapping[str, str] = {**{lane.consumer: lane.name for lane in DECLARED}, "dead_letters": DEAD_LETTERS}
"""Function to queue, by their short names."""

FUNCTIONS = (API, *FED_BY, "tick")


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one stage."""

    app: str
    stage: str

    @property
    def prefix(self) -> str:
        return f"{self.app}-{self.stage}"

    @property
    def stack(self) -> str:
        """CloudFormation's; the table, the dashboard, the REST API and the API's function are called the same."""
        return self.prefix

    @property
    def table(self) -> str:
        return self.prefix

    @property
    def dashboard(self) -> str:
        return self.prefix

    @property
    def rest_api(self) -> str:
        """Chalice alone would call it after the app, and the figures of all stages would be one."""
        return self.prefix

    @cached_property
    def queues(self) -> Mapping[str, str]:
        """Lane to queue, the dead letters last."""
        return {name: f"{self.prefix}-{name}" for name in (*LANES, DEAD_LETTERS)}

    @property
    def undelivered(self) -> str:
        return f"{self.prefix}-undelivered"

    @property
    def events(self) -> str:
        """The topic that the world outside may listen to."""
        return f"{self.prefix}-events"

    @property
    def alarms(self) -> str:
        """The topic that alarms go to; alarms are called after the same prefix."""
        return f"{self.prefix}-alarms"

    @cached_property
    def functions(self) -> Mapping[str, str]:
        """The name in app.py to the name on Lambda."""
        return {name: self.prefix if name == API else f"{self.prefix}-{name}" for name in FUNCTIONS}

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """Function to the IAM role that Chalice makes for it."""
        return {name: f"{self.prefix}-{name}" for name in FUNCTIONS}

    @cached_property
    def log_groups(self) -> Mapping[str, str]:
        """Function to where it logs."""
        return {name: f"/aws/lambda/{function}" for name, function in self.functions.items()}

    @property
    def rule(self) -> str:
        """EventBridge's, for the tick."""
        return f"{self.prefix}-tick-event"

    @property
    def state_key(self) -> str:
        """Where in the bucket Chalice's memory of this stage is kept."""
        return f"deploy/{self.prefix}.json"

    def bucket(self, *, account: str, region: str) -> str:
        """Of the payloads. The one name that needs to know where it is: bucket names are one namespace for the whole world."""
        return f"{self.prefix}-payloads-{account}-{region}"
