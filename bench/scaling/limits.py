"""What AWS allows, with date and source (limits.json), and what a user may set."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chalicelib.adapters.aws.keys import ALPHABET
from chalicelib.domain.lane import Lane

FILE = Path(__file__).with_name("limits.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Each is explained in limits.json."""

    door_requests: float
    door_burst: float
    partition_writes: float
    first_partitions: int
    split_after: int
    in_flight: float
    first_consumers: float
    more_consumers: float
    mapping_consumers: float
    account_concurrency: float
    fair_share: float
    tries_again: int
    door_seconds: float
    batch_seconds: float
    appointments: float

    @classmethod
    def load(cls, file: Path = FILE) -> Self:
        """The file's values. Raises KeyError for one that it lacks, TypeError for one that is not known."""
        found = json.loads(file.read_text(encoding="utf-8"))["limits"]
        return cls(**{name: one["value"] for name, one in found.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What whoever runs a stage may change."""

    jobs_a_request: int = 1
    warm_partitions: int | None = None
    """The table's warm throughput, in thousands of write units a second; None: that of a new table."""
    key_characters: int = 1
    """Of the id, in a job's partition key: one gives 32 partitions a day."""
    consumers: int | None = None
    """Of the lane, at once; None: as many as the lane declares, or the account has."""
    fair: bool = True
    """Messages carry their tenant as the message group."""
    lanes: int = 1
    """2: what is slow has a lane of its own."""
    max_attempts: int = 5
    tick_power: float = 1.0
    """The tick's memory, in halves of a gigabyte: processor time goes with it."""

    @property
    def partition_keys(self) -> int:
        """Of a day."""
        return int(len(ALPHABET) ** self.key_characters)


SETTINGS = Settings()
BATCH = Lane(name="any", meant="For its default.").batch_size
"""Jobs an invocation, where a lane says nothing else."""
