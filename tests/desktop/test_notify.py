"""Messages: rare, with buttons that work, and never in anybody's way."""

from llamaswap_desktop.desktop import BalloonNotifier, Notice, NullNotifier, Offer, QuietNotifier


class Loud:
    def __init__(self) -> None:
        self.shown: list[Notice] = []
        self.is_closed = False

    def show(self, notice: Notice) -> None:
        self.shown.append(notice)

    async def close(self) -> None:
        self.is_closed = True


def test_one_of_a_kind_a_minute_unless_it_was_asked_for():
    now, loud = 100.0, Loud()
    quiet = QuietNotifier(loud, is_wanted=lambda: True, clock=lambda: now)
    for kind in ("a", "a", "b", "a"):
        quiet.show(Notice(kind, kind, ""))
    assert [notice.kind for notice in loud.shown] == ["a", "b"]
    now += 59.9
    quiet.show(Notice("a", "too soon", ""))
    quiet.show(Notice("a", "asked", "", was_asked_for=True))
    now += 0.2
    quiet.show(Notice("a", "again", ""))
    assert [notice.title for notice in loud.shown[2:]] == ["asked", "again"]


def test_who_wants_none_gets_answers_only():
    loud = Loud()
    quiet = QuietNotifier(loud, is_wanted=lambda: False)
    quiet.show(Notice("a", "", ""))
    quiet.show(Notice("b", "", "", was_asked_for=True))
    assert [notice.kind for notice in loud.shown] == ["b"]


async def test_closing_and_doing_nothing():
    loud = Loud()
    await QuietNotifier(loud, is_wanted=lambda: True).close()
    assert loud.is_closed
    NullNotifier().show(Notice("a", "", ""))
    await NullNotifier().close()


async def test_balloon_takes_the_first_offer_of_the_last_message_once():
    told, taken = [], []
    balloons = BalloonNotifier(lambda *words: told.append(words))
    balloons.clicked()
    balloons.show(Notice("a", "title", "text", (Offer("x", lambda: taken.append("a")),)))
    offers = (Offer("Show", lambda: taken.append("b")), Offer("Retry", lambda: taken.append("c")))
    balloons.show(Notice("b", "title", "more", offers))
    balloons.clicked()
    balloons.clicked()
    assert told == [("title", "text"), ("title", "more")]
    assert taken == ["b"]
    await balloons.close()
