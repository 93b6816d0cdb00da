"""What is not there, in an expression: a name that nobody has set, and a field that some document lacks."""

from __future__ import annotations

from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2.utils import missing


class Missing(StrictUndefined):
    """Something that is not there: strict as a name, false as a field of data that is there."""

    __slots__ = ()

    def _is_field(self) -> bool:
        return self._undefined_obj is not missing and self._undefined_exception is UndefinedError

    def __bool__(self) -> bool:  # type: ignore[override]
        return False if self._is_field() else self._fail_with_undefined_error()

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return False if self._is_field() else self._fail_with_undefined_error()

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return True if self._is_field() else self._fail_with_undefined_error()

    def __hash__(self) -> int:  # type: ignore[override]
        return id(type(self)) if self._is_field() else self._fail_with_undefined_error()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self if self._is_field() else self._fail_with_undefined_error()

    def __getitem__(self, key: Any) -> Any:
        return self if self._is_field() else self._fail_with_undefined_error()
