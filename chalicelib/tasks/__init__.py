"""Your tasks: every module in here is imported when the pipeline is wired, and so its `@task` functions are known."""

from importlib import import_module
from pkgutil import iter_modules

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
