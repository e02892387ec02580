"""Three small tasks, one of each kind, to begin with. Replace them by your own."""

import csv
import hashlib
import io

from chalicelib import current_job, task


@task
def summarise_csv(text: str, column: str) -> dict[str, float]:
    """Count, sum, mean, least and greatest of one numeric column of a CSV text."""
    reader = csv.DictReader(io.StringIO(text))
    values = [float(row[column]) for row in reader]
    if not values:
        raise ValueError("the CSV has no rows")
    return {
        "count": len(values),
        "sum": sum(values),
        "mean": sum(values) / len(values),
        "min": min(values),
        "max": max(values),
    }


@task(cpu=True, lane="low")
def stretch_key(passphrase: str, salt: str, rounds: int = 200_000) -> str:
    """Derive a key with PBKDF2: work for a processor, in a child process of its own."""
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt.encode(), rounds).hex()


@task(max_attempts=3)
async def count_down(steps: int = 5, seconds: float = 1.0) -> str:
    """Take some steps, say how far it is, and stop when the job is cancelled: something to watch."""
    import asyncio  # here, since every cold start imports this file, and few run this task

    job = current_job()
    for step in range(steps):
        job.check_cancelled()
        job.progress(step / steps, f"step {step + 1} of {steps}")
        await asyncio.sleep(seconds)
    return f"{steps} steps done"
