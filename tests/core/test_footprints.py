"""Memory figures: learnt per command, remembered on disk."""

from llamaswap_desktop.core.footprints import Footprints
from tests.core.fakes import model


def test_peak_since_the_last_load_is_the_footprint():
    book = Footprints()
    m = model("a")
    assert book.of(m) is None
    assert book.learn(m, {"gpu0": 5}, is_new_load=True) == {"gpu0": 5}
    assert book.learn(m, {"gpu0": 9, "ram": 1}, is_new_load=False) == {"gpu0": 9, "ram": 1}
    assert book.learn(m, {"gpu0": 4}, is_new_load=False) is None
    assert book.learn(m, {"gpu0": 3}, is_new_load=True) == {"gpu0": 3}, "a new load corrects the figure"


def test_figures_belong_to_the_command():
    book = Footprints()
    book.learn(model("a"), {"gpu0": 5}, is_new_load=True)
    assert book.of(model("renamed", cmd="run a")) == {"gpu0": 5}
    assert book.of(model("a", cmd="run a -c 9999")) is None
    assert book.of(model("a", env=("X=1",))) is None


def test_figures_survive_a_restart_and_tell_no_command(tmp_path):
    file = tmp_path / "state" / "memory.json"
    book = Footprints(file)
    m = model("a", cmd="run --api-key secret")
    book.learn(m, {"gpu0": 5}, is_new_load=True)
    book.save()
    assert Footprints(file).of(m) == {"gpu0": 5}
    assert "secret" not in file.read_text()


def test_file_that_cannot_be_read_or_written_is_a_warning(tmp_path, caplog):
    file = tmp_path / "memory.json"
    file.write_text('{"x": "nonsense"}')
    book = Footprints(file)
    assert "learnt again" in caplog.text
    blocked = Footprints(tmp_path / "memory.json" / "below")
    blocked.learn(model("a"), {"gpu0": 5}, is_new_load=True)
    blocked.save()
    assert "cannot keep" in caplog.text
    assert book.of(model("a")) is None


def test_oldest_figures_are_forgotten():
    book = Footprints()
    for number in range(1001):
        book.learn(model("m", cmd=f"run {number}"), {"ram": 1}, is_new_load=True)
    assert book.of(model("m", cmd="run 0")) is None
    assert book.of(model("m", cmd="run 1")) == {"ram": 1}
