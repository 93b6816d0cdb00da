"""Dialplans that nobody would write: good ones with random damage, and random YAML. All of it from a seed.

More than the test does: ``python -m tests.ivr.fuzz COUNT [SEED]``; it stops at the first that check cannot bear, and
prints it.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.load import load_plans
from softswitch.ivr.model import Start
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import Facts
from tests.ivr.house import FLOWS, PLANS, world

GOOD = [*PLANS.values()]
BESIDE = {f"{name}.yaml": PLANS[name] for name in FLOWS}
WORLD = world()
WORDS = sorted({word for text in GOOD for word in re.findall(r"[\w?-]+", text)})
SIGNS = [*"{}[]:,#&*!|>'\"%@`?-\n\t ", "\0", "\ufeff", "\ufffd", "\u2028", "{{", "}}", "{%", "%}", "<<: ", "- ", ": "]
SCALARS = [
    *(
        "null",
        "~",
        "true",
        "yes",
        "0",
        "-1",
        "1e999",
        ".inf",
        "0x1f",
        "9" * 40,
        "1.5",
        "''",
        '""',
        "[]",
        "{}",
        "[[[]]]",
    ),
    *("5", "5s", "0s", "-5s", "5 s", "99999d", "{{ a }}", "'{{ caller.number }}'", "'{{ ((((a)))) }}'", "'{{ 9**9 }}'"),
    *("&a [*a]", "&a x", "*a", "!!int x", "|", ">-", "zh", "next", "failed", "*"),
]
MOST_S = 5.0  # of CPU, for one; a hundredth of it is usual
START = Start("c", "13800138000", "Li", "7001", "", datetime(2026, 3, 2, 9, tzinfo=UTC))


def damaged(dice: random.Random) -> str:
    """A good plan with a little damage."""
    text = dice.choice(GOOD)
    for _ in range(dice.choice([1, 1, 2, 2, 3, 5])):
        text = dice.choice(DAMAGES)(dice, text)
    return text


def _word(dice: random.Random, text: str) -> str:
    found = list(re.finditer(r"[\w?-]+", text))
    if not found:
        return text
    one = dice.choice(found)
    other = dice.choice(WORDS) if dice.random() < 0.7 else dice.choice(SCALARS)
    return text[: one.start()] + other + text[one.end() :]


def _value(dice: random.Random, text: str) -> str:
    found = list(re.finditer(r"(?<=: )[^,{}\[\]\n]+", text))
    if not found:
        return text
    one = dice.choice(found)
    return text[: one.start()] + dice.choice(SCALARS) + text[one.end() :]


def _sign(dice: random.Random, text: str) -> str:
    place = dice.randint(0, len(text))
    return text[:place] + dice.choice(SIGNS) + text[place + dice.randint(0, 2) :]


def _line(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    place, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[other])
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place] = " " * dice.randint(0, 6) + lines[place].lstrip()
        case _:
            lines = lines[:place]
    return "\n".join(lines)


def _span(dice: random.Random, text: str) -> str:
    """Some of the text once more, or of another plan, in another place."""
    source = dice.choice([text, dice.choice(GOOD)])
    start = dice.randint(0, len(source))
    piece, place = source[start : start + dice.randint(1, 80)], dice.randint(0, len(text))
    return text[:place] + piece * dice.choice([1, 1, 1, 20]) + text[place:]


DAMAGES: list[Callable[[random.Random, str], str]] = [_word, _word, _word, _value, _value, _value, _sign, _line, _span]


def wild(dice: random.Random, depth: int = 0) -> str:
    """Random YAML in one line, with the words of dialplans."""
    kind = dice.randrange(4) if depth < 5 else 0
    if kind == 1:
        return "[" + ", ".join(wild(dice, depth + 1) for _ in range(dice.randint(0, 4))) + "]"
    if kind >= 2 or depth == 0:
        keys = dice.choices([*WORDS, *SCALARS], k=dice.randint(1, 5))
        return "{" + ", ".join(f"{key}: {wild(dice, depth + 1)}" for key in keys) + "}"
    return dice.choice(SCALARS) if dice.random() < 0.5 else dice.choice(WORDS)


def wild_plan(dice: random.Random) -> str:
    names = dice.choices(WORDS, k=dice.randint(1, 6))
    head = f"dialplan: a\nnumbers: ['1']\nstart: {names[0]}\nsteps:\n"
    return head + "".join(f"  {name}: {wild(dice)}\n" for name in names)


def texts(seed: int, count: int) -> Iterator[str]:
    dice = random.Random(seed)
    for number in range(count):
        yield wild_plan(dice) if number % 3 == 2 else damaged(dice)


def bear(text: str) -> bool:
    """Whether it is a right plan. Fails where check does not answer in time with problems that have a place, or where
    a caller cannot enter what check found right."""
    started = time.process_time()
    plans, problems = load_plans({"p.yaml": text, **(BESIDE if len(text) % 3 == 0 else {})}, WORLD)
    assert time.process_time() - started < MOST_S
    lines = {"p.yaml": len(text.splitlines()) + 2} | {name: len(flow.splitlines()) for name, flow in BESIDE.items()}
    assert all(0 < one.line <= lines[one.file] and one.column > 0 and one.message for one in problems)
    wrong = any(one.level == "error" for one in problems)
    assert not (wrong and plans)
    for plan in plans.values():
        _walked(plan)
    return not wrong


def _walked(plan: Plan) -> None:
    """A caller who says nothing, for as long as something is waited for."""
    machine = Interpreter(plan, Facts())
    machine.handle(START, 0.0)
    for _ in range(50):
        if machine.deadline is None:
            break
        machine.tick(machine.deadline)


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    right = slowest = 0.0
    for text in texts(seed, count):
        started = time.process_time()
        try:
            right += bear(text)
        except BaseException:
            print(text)
            raise
        slowest = max(slowest, time.process_time() - started)
    print(f"{count} plans, {right:.0f} of them right; the slowest took {slowest * 1000:.0f} ms")


if __name__ == "__main__":
    main()
