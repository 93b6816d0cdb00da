"""What campaigns ask of the other files: a queue, a trunk, a name of their own; and a day on which they call."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from softswitch.callback.campaign import DIGITS
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.settings.model import Configuration

Finding = tuple[Path, str, str]


def campaign_findings(settings: Configuration) -> Iterator[Finding]:
    trunks = {*settings.trunks, *(one.group for one in settings.trunks.values() if one.group)}
    for name, campaign in settings.campaigns.items():
        if name in settings.queues:
            yield ("campaigns", name), "is the name of a queue already; promises are told apart by it", "error"
        if campaign.queue not in settings.queues:
            near = did_you_mean(campaign.queue, settings.queues)
            yield ("campaigns", name, "queue"), f"queues.yaml has no queue {campaign.queue!r}{near}", "error"
        if campaign.trunk not in trunks:
            message = f"trunks.yaml has no trunk {campaign.trunk!r}{did_you_mean(campaign.trunk, trunks)}"
            yield ("campaigns", name, "trunk"), message, "error"
        if len(campaign.dispositions) > DIGITS:
            beyond, code = campaign.dispositions[DIGITS].code, settings.feature_codes.disposition
            message = f"{beyond!r} has no digit behind {code}: phones tell the first ten, `softswitch disposition` any"
            yield ("campaigns", name, "dispositions", DIGITS), message, "warning"
        if not campaign.days():
            message = "never opens: none of its days lies between begins and ends"
            yield ("campaigns", name, "window"), message, "error"
        elif campaign.ends is not None and campaign.ends < datetime.datetime.now(datetime.UTC).date():
            yield ("campaigns", name, "ends"), "has passed: nobody is called any more", "warning"
