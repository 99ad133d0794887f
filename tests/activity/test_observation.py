from llamaswap_desktop.activity.inflight import InflightList, Row
from llamaswap_desktop.activity.observation import Observation
from llamaswap_desktop.activity.tap import Tap


def observe(record, *, keeps_request=True):
    inflight = InflightList(call_later=lambda _delay_s, _act: None)
    row = Row("m", "/infill", "POST", [(b"A", b"b")], "::1", 0.0, lambda: None)
    return inflight, Observation(row, inflight, record=record, tap=Tap(0), keeps_request=keeps_request)


def test_what_is_handed_over():
    handed = []
    inflight, observation = observe(handed.append)
    observation.prepared(b"body")
    observation.granted(-3)
    observation.begun(201, [(b"C", b"d")])
    observation.sent(b"one ")
    observation.sent(b"two")
    observation.ended(error="why")
    (its,) = handed
    assert (its.model, its.path, its.request_headers, its.request_body) == ("m", "/infill", [(b"A", b"b")], b"body")
    assert (its.status, its.response_headers, its.response.whole) == (201, [(b"C", b"d")], b"one two")
    assert (its.metadata, its.error) == ({"fifo_priority": "-3"}, "why")
    assert its.duration_s > 0
    assert len(inflight) == 0


def test_a_body_that_no_capture_will_show_is_let_go():
    handed = []
    _, observation = observe(handed.append, keeps_request=False)
    observation.prepared(b"body")
    observation.ended()
    assert handed[0].request_body is None


def test_bytes_are_counted_for_requests_that_are_not_recorded():
    inflight, observation = observe(None)
    observation.sent(b"four")
    assert inflight.snapshot().requests[0].resp_bytes == 4
    observation.ended()
