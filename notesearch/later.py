"""numpy, imported when it is first used: importing it takes longer than finding out that nothing changed."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as numpy
else:

    class _Later(ModuleType):
        """Stands for the module of its name until something of it is wanted."""

        def __getattr__(self, name: str) -> Any:
            from importlib import import_module

            module = import_module(self.__name__)
            vars(self).update(vars(module))  # from here on as quick as the module itself
            return getattr(module, name)

    numpy = _Later("numpy")
