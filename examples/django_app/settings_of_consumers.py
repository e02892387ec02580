"""The same project where its tasks run: what they enqueue is accepted there, without a request."""

from examples.django_app.settings import *  # noqa: F403 - Django's way to have settings in two places
from examples.django_app.settings import TASKS as _TASKS

TASKS = {"default": {**_TASKS["default"], "BACKEND": "chalicelib.django.PipelineBackend"}}
LOGGING_CONFIG = None  # Jobline's lines stay as they are: JSON, with the job's id
