"""Django tasks as tasks of Jobline's: `serve` says which, and an API or a consumer that imports where it says so knows them.

    # shop/jobline_tasks.py, named in JOBLINE_TASKS
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings_of_consumers")
    django.setup()
    from shop import tasks
    serve(tasks.send_welcome, tasks.report, max_attempts=3)

A job asks for a task by its path, `shop.tasks.send_welcome`. What was not served is an unknown task: no path is ever looked up. docs/django.md.
"""

from chalicelib.django.backend import PipelineBackend
from chalicelib.django.serve import serve

__all__ = ["PipelineBackend", "serve"]
