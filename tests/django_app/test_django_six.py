"""Under Django 6 the words come from `django.tasks`: other names of errors, and classes that are not generic. It needs a later Python, so it stands in here."""

import subprocess
import sys

DJANGO_SIX = """
import sys, types

def module(name, **facts):
    made = sys.modules[name] = types.ModuleType(name)
    made.__path__ = []
    vars(made).update(facts)

class Plain:
    pass

def plain(name):
    return type(name, (Plain,), {})

names = ("Task", "TaskContext", "TaskError", "TaskResult")
from enum import Enum
status = Enum("TaskResultStatus", "READY RUNNING FAILED SUCCESSFUL")
module("django.tasks")
module("django.tasks.base", TaskResultStatus=status, **{name: plain(name) for name in names})
module("django.tasks.backends")
module("django.tasks.backends.base", BaseTaskBackend=plain("BaseTaskBackend"))
module("django.tasks.exceptions", InvalidTask=plain("InvalidTask"), TaskResultDoesNotExist=plain("TaskResultDoesNotExist"))
module("django.tasks.signals", task_enqueued=1, task_started=2, task_finished=3)
module("django.utils.json", normalize_json=plain("normalize_json"))

import chalicelib.django, jobline.client.django
from chalicelib.django import interface as inside
from jobline.client.django import interface as outside
print(inside.Task is outside.Task is sys.modules["django.tasks.base"].Task, outside.InvalidTaskError.__name__)
print("django_tasks" in sys.modules)
"""


def test_both_sides_take_its_words_and_do_not_need_the_backport():
    found = subprocess.run([sys.executable, "-c", DJANGO_SIX], capture_output=True, text=True, check=False)
    assert found.stdout.split() == ["True", "InvalidTask", "False"], found.stderr
