"""All checks, in the order of how a job goes: in at the door, through the lanes, to the truth; then who watches, and the clock."""

from jobline.doctor import (
    alarms,
    bucket,
    clock,
    code,
    concurrency,
    doors,
    functions,
    logs,
    mappings,
    memory,
    permissions,
    queues,
    table,
)

CHECKS = (
    *functions.CHECKS,
    *code.CHECKS,
    *permissions.CHECKS,
    *doors.CHECKS,
    *queues.CHECKS,
    *mappings.CHECKS,
    *concurrency.CHECKS,
    *table.CHECKS,
    *bucket.CHECKS,
    *logs.CHECKS,
    *alarms.CHECKS,
    *clock.CHECKS,
    *memory.CHECKS,
)
