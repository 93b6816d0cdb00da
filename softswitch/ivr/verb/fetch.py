"""What is looked up elsewhere: ``http``. A caller never waits for it longer than ``timeout``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from softswitch.core.errors import UsageError
from softswitch.ivr.model import Fetch, Fetched, IvrInput
from softswitch.ivr.run import Exit, Run, StepError, Wait
from softswitch.ivr.verb.base import Duration, Name, Variable, Verb

METHODS = ("get", "post", "put", "patch", "delete")
GRACE_S = 2.0  # whoever fetches keeps the time; this is for the answer that never comes


class Http(Verb):
    """Fetch a document and keep it; whatever is not 2xx is a failure, and keeps an empty document."""

    verb: ClassVar[str] = "http"
    branches: ClassVar[tuple[str, ...]] = ("next", "failed")
    must: ClassVar[tuple[str, ...]] = ("next", "failed")

    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = Field(default=None, alias="json")
    timeout: Duration = Field(default=3.0, gt=0, le=30)  # s
    save: Variable | None = None
    next: Name | None = None
    failed: Name | None = None

    @model_validator(mode="after")
    def _one_method(self) -> Http:
        if len([method for method in METHODS if getattr(self, method) is not None]) != 1:
            raise ValueError(f"http needs exactly one of {', '.join(METHODS)}, followed by the address")
        return self

    def sets(self) -> dict[str, Any]:
        return {self.save: None} if self.save else {}

    def enter(self, run: Run) -> Exit | None:
        self._keep(run, {})
        method = next(method for method in METHODS if getattr(self, method) is not None)
        url = run.text(getattr(self, method))
        if not url.startswith(("http://", "https://")):
            raise StepError(f"{url!r} is not an http address")
        headers = tuple((name, run.text(value)) for name, value in self.headers.items())
        run.emit(Fetch(method.upper(), url, headers, run.value(self.body), self.timeout))
        run.wait(Wait.FETCH, self.timeout + GRACE_S)
        return None

    def on(self, run: Run, event: IvrInput) -> Exit | None:
        match event:
            case Fetched(status, body, error):
                if not 200 <= status < 300:
                    return Exit("failed", why=error or f"status {status}")
                self._keep(run, body)
                return Exit("next")
            case _:
                raise UsageError(f"{self.verb} does not wait for {type(event).__name__}")

    def _keep(self, run: Run, document: Any) -> None:
        if self.save:
            run.keep(self.save, document)
