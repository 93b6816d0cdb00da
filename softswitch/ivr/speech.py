"""How numbers and standing sentences are said, in Mandarin and English; written out, so that any engine reads them.

Mandarin has two words for 2 (二 for the number, 两 before what is counted and at the head of 百 千 万 亿), groups
by four digits (万, 亿), says 零 once for a gap of zeros, leaves out 一 at the head of 十, and reads the 1 of a
telephone number as 幺, which cannot be mistaken for 7.
"""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "en"
MAX_NUMBER = 10**12 - 1

_ZH = "零一二三四五六七八九"
_ZH_GROUPS = ("", "万", "亿")
_ZH_DIGITS = dict(zip("0123456789+*#.", "零幺二三四五六七八九加星井点", strict=True))
_EN_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN_GROUPS = ("", " thousand", " million", " billion")
_EN_DIGITS = {**{str(n): _EN_SMALL[n] for n in range(10)}, "+": "plus", "*": "star", "#": "hash", ".": "point"}


def spoken_language(language: str) -> str:
    """The language whose tables are used: ``zh-CN`` -> ``zh``; English where there is none."""
    short = language.lower().split("-")[0]
    return short if short in LANGUAGES else DEFAULT_LANGUAGE


def number(value: int, language: str) -> str:
    """A whole number as a number: 105 -> ``一百零五``, ``one hundred and five``. Raises ``ValueError``."""
    if abs(value) > MAX_NUMBER:
        raise ValueError(f"{value} is too large to be said")
    chinese = spoken_language(language) == "zh"
    if value < 0:
        return f"负{_zh_number(-value)}" if chinese else f"minus {_en_number(-value)}"
    return _zh_number(value) if chinese else _en_number(value)


def count(value: int, language: str) -> str:
    """A whole number before something counted: 2 -> ``两``."""
    return "两" if value == 2 and spoken_language(language) == "zh" else number(value, language)


def digits(text: str, language: str) -> str:
    """Digit by digit, as telephone and order numbers are read; what is no digit is left out."""
    if spoken_language(language) == "zh":
        return "".join(_ZH_DIGITS.get(sign, "") for sign in text)
    return " ".join(_EN_DIGITS[sign] for sign in text if sign in _EN_DIGITS)


def key_name(key: str, language: str) -> str:
    """A key of the telephone; a 1 alone is 一."""
    return "一" if key == "1" and spoken_language(language) == "zh" else digits(key, language)


def position(value: int, language: str) -> str:
    """The place in line, from 1: who is next, or how many are ahead (zh) and which number one has (en)."""
    if spoken_language(language) == "zh":
        return "您是下一位，请稍候。" if value <= 1 else f"您前面还有{count(value - 1, language)}位，请稍候。"
    return "You are next in line." if value <= 1 else f"You are number {number(value, language)} in line."


def waited(seconds: float, language: str) -> str:
    """How long somebody has waited, in whole minutes."""
    minutes = int(seconds // 60)
    if spoken_language(language) == "zh":
        return f"已等候{count(minutes, language)}分钟" if minutes else "等候不到一分钟"
    if not minutes:
        return "waited less than a minute"
    return f"waited {number(minutes, language)} minute{'s' if minutes > 1 else ''}"


def phrase(key: str, language: str, /, **values: object) -> str:
    """A standing sentence. Raises ``KeyError`` for an unknown key or a value that is not given."""
    language = spoken_language(language)
    said = {name: _VALUES[name](value, language) for name, value in values.items() if name in _VALUES}
    return _PHRASES[key][language].format_map({**values, **said})


# ---- Mandarin --------------------------------------------------------------------------------------------------


def _zh_number(value: int) -> str:
    if value == 0:
        return "零"
    text, rest = "", value
    for index in (2, 1, 0):
        group, rest = divmod(rest, 10 ** (4 * index))
        if not group:
            continue
        gap = "零" if text and group < 1000 else ""
        text += gap + _zh_group(group, first=not text, unit=_ZH_GROUPS[index])
    return text


def _zh_group(group: int, first: bool, unit: str) -> str:
    """Four digits and their unit; ``first``: nothing was said before them."""
    if first and unit and group == 2:
        return f"两{unit}"
    text, gap = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = group // size % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _zh_digit(digit, name, head=first and not text) + name
        gap = False
    return text + unit


def _zh_digit(digit: int, name: str, head: bool) -> str:
    if head and digit == 1 and name == "十":
        return ""
    return "两" if head and digit == 2 and name in ("百", "千") else _ZH[digit]


# ---- English ---------------------------------------------------------------------------------------------------


def _en_number(value: int) -> str:
    if value == 0:
        return "zero"
    words, rest = [], value
    for index in (3, 2, 1):
        group, rest = divmod(rest, 1000**index)
        if group:
            words.append(_en_group(group) + _EN_GROUPS[index])
    if rest:
        joined = "and " if words and rest < 100 else ""
        words.append(joined + _en_group(rest))
    return " ".join(words)


def _en_group(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    words = [f"{_EN_SMALL[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(_en_tens(rest))
    return " and ".join(words)


def _en_tens(value: int) -> str:
    if value < 20:
        return _EN_SMALL[value]
    tens, one = divmod(value, 10)
    return f"{_EN_TENS[tens]}-{_EN_SMALL[one]}" if one else _EN_TENS[tens]


# ---- standing sentences ----------------------------------------------------------------------------------------

_VALUES: dict[str, Callable[[object, str], str]] = {
    "position": lambda value, language: position(int(str(value)), language),
    "key": lambda value, language: key_name(str(value), language),
    "number": lambda value, language: digits(str(value), language),
    "waited_s": lambda value, language: waited(float(str(value)), language),
}

_PHRASES: dict[str, dict[str, str]] = {
    "position": {"zh": "{position}", "en": "{position}"},
    "callback_offer": {
        "zh": "如果不想继续等待，请按{key}，我们会按您的排队顺序给您回电。",
        "en": "If you would rather not wait, press {key}. You keep your place in line and we will call you back.",
    },
    "callback_promised": {
        "zh": "好的，我们会尽快给您回电。再见。",
        "en": "Thank you. We will call you back as soon as it is your turn. Goodbye.",
    },
    "agent_logged_in": {"zh": "您已登录。", "en": "You are logged in."},
    "agent_logged_out": {"zh": "您已退出。", "en": "You are logged out."},
    "agent_ready": {"zh": "您已就绪。", "en": "You are ready."},
    "agent_paused": {"zh": "您已暂停。", "en": "You are paused."},
    "agent_unknown": {"zh": "这部电话不属于任何坐席。", "en": "This phone does not belong to an agent."},
    "apology": {
        "zh": "对不起，出了一点问题，请稍后再拨。",
        "en": "We are sorry, something went wrong. Please call again later.",
    },
    "voicemail_beep_hint": {
        "zh": "请在提示音后留言，按井号键结束。",
        "en": "Please leave a message after the tone, and press hash when you are done.",
    },
    "whisper_queue": {"zh": "{queue}来电，{waited_s}。", "en": "Call from {queue}, {waited_s}."},
    "whisper_callback": {"zh": "回电给{number}。", "en": "Callback to {number}."},
}
