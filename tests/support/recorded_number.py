"""A switch with a number whose calls are recorded, and with phones that may or must have keys."""

from __future__ import annotations

from pathlib import Path

from tests.support.switch_process import SwitchProcess, Tree, sample_users

RECORDED = "7100"  # leads to an agent at phone 1002
_PLAN = f"""\
dialplan: recorded
numbers: ["{RECORDED}"]
start: orders
steps:
  orders: {{queue: {{name: orders}}, failed: bye}}
  bye: {{hangup: normal}}
"""


def recording_switch(home: Path) -> SwitchProcess:
    """Not started yet. Phone 1004 takes no call without SRTP; the others may have it."""
    plans = home / "plans"
    plans.mkdir(parents=True)
    (plans / "recorded.yaml").write_text(_PLAN)
    users: Tree = {user: {**settings, "srtp": "optional"} for user, settings in sample_users().items()}
    users["1004"]["srtp"] = "required"
    agents = {"alice": {"user": "1002", "skills": {"orders": 5}}}
    return SwitchProcess(home, users=users, agents=agents, dialplans=plans)
