from softswitch.callback.model import PromiseState
from tests.support import facts
from tests.support.memory import Memory


class Answers(list[tuple[str, str, bool]]):
    def take(self, key: str, token: str, ok: bool) -> None:
        self.append((key, token, ok))


async def test_it_answers_at_once_or_when_the_test_says_so() -> None:
    answers = Answers()
    memory = Memory(answers.take)
    memory.put_promise(facts.promise(1), "t1")
    assert answers == [("promise-1", "t1", True)]
    memory.holding = True
    memory.put_promise(facts.promise(2), "t2")
    memory.put_promise(facts.promise(3), "t3")
    assert len(answers) == 1
    assert len(await memory.promises()) == 1
    memory.release(1)
    memory.release(ok=False)
    assert answers[1:] == [("promise-2", "t2", True), ("promise-3", "t3", False)]
    assert [row.id for row in await memory.promises(open_only=True)] == ["promise-1", "promise-2"]


async def test_away_it_refuses() -> None:
    answers = Answers()
    memory = Memory(answers.take)
    memory.away = True
    memory.put_promise(facts.promise(1, PromiseState.KEPT), "t1")
    assert answers == [("promise-1", "t1", False)]
    assert not memory.healthy


def test_an_answer_can_be_made_to_come_later() -> None:
    answers, later = Answers(), list[object]()
    memory = Memory(answers.take, soon=later.append)
    memory.put_promise(facts.promise(1), "t1")
    assert answers == []
    assert len(later) == 1
