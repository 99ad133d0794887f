"""Who holds a port."""

import os
import re
import socket

import pytest

from llamaswap_desktop.process.ports import holder_in_words, holder_of_port, is_port_free


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_port_that_somebody_listens_on_is_taken_and_its_holder_named(host):
    with socket.socket() as holder:
        holder.bind((host, 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_port_free(port)
        assert holder_of_port(port).endswith(f"(process {os.getpid()})")
    assert is_port_free(port)
    assert holder_of_port(port) == ""


def test_connections_that_linger_hold_nothing():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # our side closes first: it stays in TIME_WAIT
        client.close()
    assert is_port_free(port)


def test_port_that_an_outgoing_connection_has_is_taken_a_while_longer_and_that_is_said():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        port = client.getsockname()[1]
        assert not is_port_free(port)
        assert re.fullmatch(rf"a connection of .+ \(process {os.getpid()}\)", holder_in_words(port))
        client.close()  # closed first: it stays in TIME_WAIT
        accepted.close()
    if not is_port_free(port):  # on Linux: the same would happen to the server
        assert holder_in_words(port) == "a connection that has just ended"


def test_number_that_is_no_port_is_left_to_the_server():
    assert is_port_free(70000)
