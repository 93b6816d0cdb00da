"""What pydantic finds wrong with a value, in the words of the house. Its kinds and messages are plain text here."""

from __future__ import annotations

_WORDS = {
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be text",
    "path_type": "must be the name of a file or directory, such as tls/cert.pem",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "invalid_key": "a key must be a word here",
    "too_short": "must not be empty",
}


def wrong(kind: str, message: str) -> str:
    """What to say of an error of this kind; ``message`` is pydantic's."""
    text = message.removeprefix("Value error, ")
    for theirs in ("Input should", "String should", "Tuple should"):
        text = text.replace(theirs, "must", 1)
    text = text.replace(" after validation", "").replace("must be True", "must be true")  # as YAML has it
    return _WORDS.get(kind, text)


def once(named: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """For a validator. Raises ``ValueError`` for a word that is there twice: another one was meant."""
    written = named or ()
    twice = next((one for one in written if written.count(one) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is there twice; write it once, or the one that was meant")
    return named
