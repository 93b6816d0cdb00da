"""``softswitch demo``: a contact centre to look at, for somebody without a softphone.

The switch is started as its operator starts it, on free ports of loopback, with a configuration that is written for
the occasion (``stage``, ``house``). Everything around it is real too: three agents with telephones that register, and
a carrier behind which all the callers live. They speak SIP and RTP over sockets (``phone``, ``call``, ``voice``), made
of the same endpoint and legs as the switch.

Who calls when, and with how much patience, is drawn from a seed (``cast``); how people then behave is in ``people``.
What the screen and the summary say comes from the switch's HTTP API (``board``, ``summary``), never from what the
actors believe; where the two disagree, the demo has failed.
"""

from softswitch.cli.demo.command import demo

__all__ = ["demo"]
