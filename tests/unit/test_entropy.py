"""Random bits by the page."""

from softswitch.entropy import pooled


def test_as_many_bits_as_asked_for_and_none_of_them_twice() -> None:
    pages = [bytes(range(256)) * 16, b"\xff" * 4096]
    fetched: list[int] = []

    def fetch(count: int) -> bytes:
        fetched.append(count)
        return pages[len(fetched) - 1]

    bits = pooled(fetch)
    assert bits(16) == 0x0001
    assert bits(12) == 0x020
    assert bits(1) == 0  # 04 is used up by it
    assert bits(8) == 5
    for _ in range(4096 - 6):
        bits(8)
    assert fetched == [4096]
    assert bits(80) == 2**80 - 1  # begins a new page rather than stitch two
    assert fetched == [4096, 4096]


def test_more_than_a_page() -> None:
    assert pooled(lambda count: b"\x01" * count)(8 * 5000) == int.from_bytes(b"\x01" * 5000, "big")


def test_two_sources_of_the_system_differ() -> None:
    assert pooled()(128) != pooled()(128)
