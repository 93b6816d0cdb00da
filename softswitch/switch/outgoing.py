"""Contacts that we begin: one for each promise that is being kept, found by the promise's name.

Agent first it begins with an agent who is wanted, and the customer is dialled when the ledger says so; customer first
it begins with that. A campaign's dialplan that is not there any more ends the attempt before anything has left.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from softswitch.callback.model import DialCustomer, Policy, Promise
from softswitch.contact import attempt
from softswitch.contact.callback import CallbackContact
from softswitch.contact.called import CalledCustomer, called
from softswitch.contact.journey import Facts
from softswitch.contact.opening import Opening
from softswitch.contact.order import TellLedger
from softswitch.contact.script import PutThrough, Script
from softswitch.core.effect import Effect
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.speech import is_spoken

if TYPE_CHECKING:
    from softswitch.switch.calls import Contact
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

NO_PLAN = 501  # SIP: it is our own fault, and not the network's


class Outgoing:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._contacts: dict[str, str] = {}  # promise -> contact

    def seek(self, promise: Promise) -> Sequence[Effect]:
        """An agent is wanted for it."""
        directory, language, policy = self._switch.directory, self._language(promise), self._policy(promise)
        contact = CallbackContact(self._facts(promise), directory, promise, language, policy)
        self._begun(contact)
        return contact.start(self._switch.now)

    def dial(self, order: DialCustomer) -> Sequence[Effect]:
        """The intent is durable."""
        switch, promise = self._switch, order.promise
        policy, language = self._policy(promise), self._language(promise)
        if order.first == "agent":
            return self.tell(promise.id, order)
        script = self._script(promise, policy, language)
        if script is None:
            log.warning("campaign %s: there is no dialplan %r, nobody is called", promise.campaign, policy.plan)
            return [TellLedger(attempt.not_made(promise, NO_PLAN))]
        opening = Opening("", language, switch.directory.answering(promise.name))
        state = called(promise, policy, opening, switch.wall(), switch.now)
        contact = CalledCustomer(self._facts(promise, policy.plan), switch.directory, state, script, language)
        self._begun(contact)
        return switch.calls.rearmed(contact.id, contact.dial(order, switch.now))

    def tell(self, promise: str, event: object) -> Sequence[Effect]:
        """What the ledger orders, to the contact that it is for."""
        return self._switch.calls.to_contact(self._contacts.get(promise, ""), event)

    def _begun(self, contact: CallbackContact | CalledCustomer) -> None:
        self._switch.calls.contacts[contact.id] = contact
        self.owns(contact)

    def owns(self, contact: Contact) -> None:
        """What is ordered for its promise is for this contact."""
        if isinstance(contact, CallbackContact | CalledCustomer):
            self._contacts[contact.promise.id] = contact.id

    def closed(self, contact: Contact | None) -> None:
        """It is over, or like any other contact from now on."""
        keeps = contact.promise.id if isinstance(contact, CallbackContact | CalledCustomer) else ""
        if contact is not None and self._contacts.get(keeps) == contact.id:
            del self._contacts[keeps]

    # ---- what it begins with -----------------------------------------------------------------------------------

    def _facts(self, promise: Promise, plan: str = "") -> Facts:
        name, number = self._switch.ids.name("cb"), promise.number
        known_as = " ".join(dict(promise.variables).get("name", "").split())  # a cell may have lines, a header may not
        return Facts(name, "callback", number, known_as, number, "", plan, self._switch.clock.epoch)

    def _policy(self, promise: Promise) -> Policy:
        policies = self._switch.configuration.policies
        return next((one for one in policies if one.name == promise.name), Policy(promise.queue, ""))

    def _language(self, promise: Promise) -> str:
        """The customer's, where the list has it."""
        wanted = dict(promise.variables).get("language", "")
        return wanted if is_spoken(wanted) else self._switch.configuration.spoken_to(None)

    def _script(self, promise: Promise, policy: Policy, language: str) -> Script | None:
        if not policy.plan:
            return PutThrough(promise.queue, language)
        release = self._switch.dialplans.release
        plan = release.plans.get(policy.plan)
        return None if plan is None else Interpreter(plan, release.facts)
