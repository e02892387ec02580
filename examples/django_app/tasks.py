"""Tasks as Django has them; nothing here knows Jobline. With Django 6 it is `from django.tasks import task`."""

from typing import Any

from django_tasks import TaskContext, task

from examples.django_app.models import Signup


@task(priority=10, takes_context=True)
def send_welcome(context: TaskContext, signup_id: int) -> str:
    """Runs at least once, so it looks whether it has been done."""
    signup = Signup.objects.get(pk=signup_id)
    if not signup.welcomed:
        signup.welcomed = context.attempt
        signup.save()
    return f"sent to {signup.address}"


@task
async def count_words(text: str) -> int:
    """A coroutine."""
    return len(text.split())


@task(queue_name="reports")
def add_up(counts: list[int]) -> dict[str, int]:
    """In a queue of its own, which is a lane."""
    return {"texts": len(counts), "words": sum(counts)}


@task
def report(texts: list[str]) -> dict[str, Any]:
    """Enqueues from inside a task."""
    return {"id": add_up.enqueue([len(text.split()) for text in texts]).id}


@task
def refuse(why: str) -> None:
    """Fails."""
    raise Signup.DoesNotExist(why)
