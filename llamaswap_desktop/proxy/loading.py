"""What a chat client is shown while its model loads: progress as reasoning text (HTTP specification, section 12).

Theory of operation.  Text is cut into pieces of five characters, each an event of its own, and leaves at a speed that
one can read.  Every 750 ms there is a tick, which shows a new place in the queue, or a remark that is due, or a dot.
The closing part is written at once: by then the model is ready, and nobody should wait for decoration.
"""

import random
from collections import deque
from collections.abc import Callable

import msgspec

from llamaswap_desktop.tasks import Timer

TICK_S = 0.75
_PIECE_CHARACTERS = 5
_BYTES_PER_S = 75.0
_PAUSE_S = (5.0, 9.0)
_RULE = "━" * 5

REMARKS = (
    "Waking the llama",
    "Combing the weights",
    "Counting to seven billion",
    "Asking the GPU nicely",
    "Unpacking a very large suitcase",
    "Warming up the tensors",
    "Looking for the right drawer",
    "Reading the first page of everything",
    "Moving in, one layer at a time",
    "Teaching sand to think",
    "Stretching all the attention heads",
    "Folding the context window",
    "Feeding the hamsters",
    "Checking under the bed for gradients",
    "Polishing the embeddings",
    "Making room on the sofa",
    "Putting the kettle on",
    "Sorting the vocabulary",
    "Nearly remembering everything",
    "Almost there, probably",
)


class LoadingFeed:
    """Shows the wait for ``model``; ``write`` puts an event on the wire, ``position`` tells the place in the queue."""

    def __init__(
        self,
        model: str,
        *,
        write: Callable[[bytes], None],
        position: Callable[[], int | None],
        call_later: Callable[[float, Callable[[], None]], Timer],
        clock: Callable[[], float],
        chance: random.Random | None = None,
    ) -> None:
        self._model = model
        self._write = write
        self._position = position
        self._call_later = call_later
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - jokes, not secrets
        self._remarks = deque(self._chance.sample(REMARKS, len(REMARKS)))
        self._pieces: deque[str] = deque()
        self._pacing: Timer | None = None
        self._ticking: Timer | None = None
        self._began = clock()
        self._remark_at = 0.0
        self._shown_position: int | None = None

    def begin(self) -> None:
        """Write the opening."""
        for text in (_RULE, "\n", f"llama-swap loading model: {self._model}", "\n"):
            self._say(text)
        self._ticking = self._call_later(TICK_S, self._tick)

    def stop(self) -> None:
        """Write nothing any more."""
        for timer in (self._pacing, self._ticking):
            if timer is not None:
                timer.cancel()
        self._pacing = self._ticking = None
        self._pieces.clear()

    def close(self) -> None:
        """Write the closing part: the model is ready."""
        self.stop()
        done = f"Done! ({self._clock() - self._began:.2f}s)"
        self._write(
            b"".join(_event(piece) for text in ("\n", done, "\n", _RULE, "\n", " ", "\n") for piece in _cut(text))
        )

    def _tick(self) -> None:
        self._ticking = self._call_later(TICK_S, self._tick)
        now = self._clock()
        position = self._position()
        if position is not None and position != self._shown_position:
            self._shown_position = position
            self._say_line(f"Queue position: #{position}", now)
        elif now >= self._remark_at and self._remarks:
            self._say_line(self._remarks[0], now)
            self._remarks.rotate(-1)
        else:
            self._say(".")

    def _say_line(self, text: str, now: float) -> None:
        self._remark_at = now + self._chance.uniform(*_PAUSE_S)
        for part in ("\n", text, " "):
            self._say(part)

    def _say(self, text: str) -> None:
        self._pieces.extend(_cut(text))
        if self._pacing is None:
            self._speak()

    def _speak(self) -> None:
        """Write the next piece; the one after it waits for as long as it takes to read."""
        self._pacing = None
        if self._pieces:
            piece = self._pieces.popleft()
            self._write(_event(piece))
            self._pacing = self._call_later(len(piece.encode()) / _BYTES_PER_S, self._speak)


def _cut(text: str) -> list[str]:
    return [text[at : at + _PIECE_CHARACTERS] for at in range(0, len(text), _PIECE_CHARACTERS)]


def _event(text: str) -> bytes:
    choices = {"choices": [{"delta": {"reasoning_content": text}}]}
    return b"data: %s\n\n" % msgspec.json.encode(choices)
