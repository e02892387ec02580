"""What Jobline imports, `jobline up --tasks examples.django_app.jobline_tasks`: which of the project's tasks jobs may ask for."""

import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_app.settings_of_consumers")
django.setup()

from chalicelib.django import serve  # noqa: E402 - Django comes first
from examples.django_app import tasks  # noqa: E402

SERVED = (
    *serve(tasks.send_welcome, max_attempts=5, time_limit=timedelta(seconds=30)),
    *serve(tasks.count_words, tasks.add_up, tasks.report, tasks.refuse, max_attempts=1),
)
