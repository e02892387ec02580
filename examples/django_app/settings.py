"""The web application's settings."""

import os
from pathlib import Path

SECRET_KEY = "an example has none"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "examples.django_app.urls"
INSTALLED_APPS = ["examples.django_app"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
DATABASE = Path(os.environ.get("DJANGO_DATABASE", "build/django_app.sqlite3")).resolve()
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE, "OPTIONS": {"timeout": 20}}
}

# The address and the key are JOBLINE_URL and JOBLINE_API_KEY, here or in the environment.
TASKS = {
    "default": {
        "BACKEND": "jobline.client.django.JoblineBackend",
        "QUEUES": ["default", "reports"],
        "OPTIONS": {"LANES": {"reports": "low"}},
    }
}
