"""Dialplans: what a caller hears, is asked, and where it leads.

A dialplan is a flat graph of named steps with one verb each, written in YAML. Three things happen to it:

``load`` reads texts, ``parse`` turns them into a ``plan.Plan`` (one pydantic model per verb) and ``check`` proves,
before any caller comes, that the graph leads somewhere: every mistake is a ``Problem`` with file, line and column, and
all of them are reported at once. A plan with one error is not loaded at all. The parts of the check are modules by
theme: ``check_graph`` (ways), ``check_name`` (the world), ``check_text`` (templates, held against ``scope``),
``check_sound``, ``check_http``, ``check_flow``; a new one is a function that takes a ``view.View``. What can be written
is known from the models of the verbs alone: ``schema`` (for editors) and ``manual`` (docs/verbs.md) are made from them.

``interpreter`` walks one caller through one plan. It is a machine as ``core`` describes it: it is told what happened
(``model.IvrInput``) and returns orders and facts. Its whole state is one dataclass of plain values (``run.State``).

A verb is one class in ``verb/``, which holds both its written shape and what it does: ``enter`` when a caller comes to
the step, ``on`` when something happens there, ``expire`` when its time is up. Each returns the ``Exit`` to take, or
None to go on waiting. Verbs know only ``run.Run``: they cannot see a socket, a queue or another step.

Not known here: SIP, the queue's order, files, HTTP, the clock. ``contact`` performs the orders.
"""
