"""Where http steps lead: a host that is not allowed is never asked, so that every caller would take ``failed``."""

from __future__ import annotations

import re

from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.verb.fetch import Http
from softswitch.ivr.view import View

# Written out, that is: without a variable in it.
_HOST = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@{]*@)?(?:\[(?P<v6>[^]{]+)\]|(?P<name>[^/?#:@{\[]+))(?::(?P<port>\d{1,5}))?(?=[/?#]|$)"
)
_PORTS = {"http": 80, "https": 443}


def _hosts(view: View) -> None:
    allowed = view.world.hosts
    if allowed is None:
        return
    for name, step in view.plan.steps.items():
        if not isinstance(step.verb, Http) or (found := _HOST.match(getattr(step.verb, step.verb.method))) is None:
            continue
        host = (found["v6"] or found["name"]).lower().removesuffix(".")
        port = int(found["port"] or _PORTS[found["scheme"]])
        if not {(host, 0), (host, port)} & allowed:
            near = did_you_mean(host, [one for one, _ in allowed])
            message = f"host {host}:{port} is not in http_step.allowed_hosts, so that it is never asked{near}"
            view.problem(name, (step.verb.method,), message)


CHECKS = (_hosts,)
