"""The web application: four views."""

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django_tasks import default_task_backend
from django_tasks.exceptions import TaskResultDoesNotExist

from examples.django_app import tasks
from examples.django_app.models import Signup
from jobline.client.django import enqueue_on_commit

OFFERED: dict[str, Any] = {
    "words": tasks.count_words,
    "report": tasks.report,
    "refuse": tasks.refuse,
}


@csrf_exempt
@require_POST
def sign_up(request: HttpRequest) -> JsonResponse:
    """The row first, then the job: a job that starts before the commit would not find the row."""
    with transaction.atomic():
        signup = Signup.objects.create(address=json.loads(request.body)["address"])
        enqueue_on_commit(tasks.send_welcome, signup.pk)
    return JsonResponse({"signup": signup.pk}, status=202)


@require_GET
def signed_up(_: HttpRequest, pk: int) -> JsonResponse:
    """Whether the task has done its work."""
    signup = Signup.objects.get(pk=pk)
    return JsonResponse({"address": signup.address, "welcomed": signup.welcomed})


@csrf_exempt
@require_POST
async def submit(request: HttpRequest, name: str) -> JsonResponse:
    """Any of the others, by the names that are offered here."""
    result = await OFFERED[name].aenqueue(**json.loads(request.body))
    return JsonResponse({"id": result.id, "status": result.status}, status=202)


@require_GET
def show(_: HttpRequest, result_id: str) -> JsonResponse:
    """What became of it."""
    try:
        result = default_task_backend.get_result(result_id)
    except TaskResultDoesNotExist:
        return JsonResponse({"error": "there is no such task"}, status=404)
    shown: dict[str, Any] = {"status": result.status, "attempts": result.attempts}
    if result.is_finished:
        shown["errors"] = [error.exception_class_path for error in result.errors]
    if result.status == "SUCCESSFUL":
        shown["value"] = result.return_value
    return JsonResponse(shown)


urlpatterns = [
    path("signups", sign_up),
    path("signups/<int:pk>", signed_up),
    path("tasks/<str:name>", submit),
    path("results/<str:result_id>", show),
]
