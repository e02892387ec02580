"""A Django project whose tasks run on Jobline: Django's own words, `@task` and `enqueue`, in the web application. README.md says how to run it."""
