"""What a first start finds."""

import pytest

from llamaswap_desktop.config import Sources, load_config
from llamaswap_desktop.desktop import Paths
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.firstrun import ensure_user_config


def paths(root) -> Paths:
    return Paths(config_dir=root / "config", state_dir=root / "state", log_dir=root / "log")


def test_starter_is_written_once_and_can_be_loaded(tmp_path):
    file = ensure_user_config(paths(tmp_path))
    assert list(load_config(Sources(file), environment={}).models) == ["demo-alice", "demo-bob"]
    file.write_text("models: {}\n")
    assert ensure_user_config(paths(tmp_path)) == file
    assert file.read_text() == "models: {}\n"


def test_two_users_of_a_computer_do_not_meet_on_a_port(tmp_path):
    ports = set()
    for user in ("ann", "ben", "cleo"):
        config = load_config(Sources(ensure_user_config(paths(tmp_path / user))), environment={})
        ports.add(config.start_port)
    assert len(ports) > 1
    assert all(19300 <= port < 29300 for port in ports)


def test_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError, match="name another file with --config"):
        ensure_user_config(paths(tmp_path))
