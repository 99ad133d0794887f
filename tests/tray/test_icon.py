"""Which icon shows, and its pixels."""

import pytest

from llamaswap_desktop.snapshot import ModelSnapshot, PauseSnapshot, Snapshot
from llamaswap_desktop.tray.icon import (
    FRAME_S,
    SIZES_PX,
    IconState,
    argb_pixmaps,
    frame_at,
    frames_of,
    icon_state,
    image,
)
from llamaswap_desktop.types import ModelId, Phase, ProcessState


def model(state=ProcessState.STOPPED, **facts) -> ModelSnapshot:
    return ModelSnapshot(id=ModelId("m"), name="m", state=state, **facts)


def serving(*models) -> Snapshot:
    return Snapshot(phase=Phase.SERVING, models=models)


FAILED, READY = model(problem="no"), model(ProcessState.READY)


@pytest.mark.parametrize(
    ("snapshot", "state"),
    [
        (Snapshot(), IconState.LOADING),
        (serving(), IconState.IDLE),
        (serving(READY), IconState.READY),
        (serving(READY, FAILED), IconState.READY),
        (serving(READY, model(ProcessState.STARTING)), IconState.LOADING),
        (serving(model(waiting=1)), IconState.LOADING),
        (serving(FAILED), IconState.ERROR),
        (Snapshot(phase=Phase.SERVING, models=(model(waiting=1),), paused=PauseSnapshot(None)), IconState.PAUSED),
        (serving(model(ProcessState.STARTING, problem="no")), IconState.LOADING),
        (Snapshot(phase=Phase.STOPPED, problems=("port taken",)), IconState.ERROR),
        (Snapshot(phase=Phase.SERVING, problems=("unknown key",)), IconState.IDLE),
        (Snapshot(phase=Phase.SERVING, troubles=("something went wrong inside",)), IconState.ERROR),
        (Snapshot(phase=Phase.SERVING, models=(READY,), troubles=("something went wrong inside",)), IconState.READY),
        (Snapshot(phase=Phase.STOPPED), IconState.IDLE),
        (Snapshot(phase=Phase.STOPPING, models=(READY,)), IconState.IDLE),
    ],
)
def test_state(snapshot, state):
    assert icon_state(snapshot) is state


@pytest.mark.parametrize("size_px", [16, 18, 32, 36, 64, 80])
@pytest.mark.parametrize("state", IconState)
def test_every_state_has_an_image_of_any_size(state, size_px):
    drawn = image(state, size_px)
    assert (drawn.mode, drawn.size) == ("RGBA", (size_px, size_px))
    assert drawn.getchannel("A").getextrema() == (0, 255)


def test_pixmaps_are_argb_in_network_order():
    for (width, height, pixels), size_px in zip(argb_pixmaps(IconState.READY), SIZES_PX, strict=True):
        assert (width, height, len(pixels)) == (size_px, size_px, 4 * size_px * size_px)
        red, green, blue, alpha = image(IconState.READY, size_px).getpixel((size_px // 2, size_px // 2))
        middle = 4 * (size_px // 2 * size_px + size_px // 2)
        assert tuple(pixels[middle : middle + 4]) == (alpha, red, green, blue)


def test_only_the_loading_icon_moves_and_at_most_twice_a_second():
    assert [frames_of(state) for state in IconState] == [2 if state is IconState.LOADING else 1 for state in IconState]
    assert FRAME_S >= 0.5
    frames = [frame_at(IconState.LOADING, moment * FRAME_S + 0.01) for moment in range(4)]
    assert frames == [0, 1, 0, 1]
    assert {frame_at(IconState.READY, moment / 10) for moment in range(50)} == {0}
    assert image(IconState.LOADING, 22, 0).tobytes() != image(IconState.LOADING, 22, 1).tobytes()
    assert argb_pixmaps(IconState.LOADING, 0) != argb_pixmaps(IconState.LOADING, 1)
