"""The first start: the page explains itself."""

import pytest

pytestmark = pytest.mark.browser


def test_welcome_shows_the_address_a_swap_and_the_way_on(view):
    view.open()
    view.sees(".welcome h1", "Welcome")
    view.sees(".welcome code", f"{view.address}/v1")
    view.click(".welcome button", "Ask Alice, then Bob")
    view.sees(".welcome li", "I am demo-bob", timeout_s=20)
    view.sees("[data-model=demo-bob] .facts", "Loaded")
    view.click(".welcome a", "Add a model")
    view.sees("dialog h2", "Add a model")
    view.open()
    view.click(".welcome button", "Don't show this again")
    view.sees_no(".welcome")
    view.open()
    view.sees("[data-model=demo-bob]")
    view.sees_no(".welcome")
