"""Lending a connection for one request, to a borrower that the test plays."""

import asyncio

from llamaswap_desktop.http1 import LoanEnd
from llamaswap_desktop.proxy.lend import Loan
from tests.http1.wire import Service, serving
from tests.waiting import until


class Borrower(asyncio.Protocol):
    """Takes what arrives; the test says what it answers."""

    def __init__(self, finished):
        self.finished = finished
        self.got = b""
        self.lost = []
        self.paused = []

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.got += data

    def connection_lost(self, exc):
        self.lost.append(exc)

    def pause_writing(self):
        self.paused.append(True)

    def resume_writing(self):
        self.paused.append(False)

    def answer(self, data=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", *, reusable=True):
        self.transport.write(data)
        self.finished(LoanEnd(status=200, body_bytes=2, reusable=reusable))


class Lender(Service):
    """Lends every exchange."""

    def __init__(self):
        super().__init__(self.lend)
        self.borrowers = []

    def lend(self, exchange):
        return Loan(exchange, self.build)

    def build(self, finished):
        self.borrowers.append(Borrower(finished))
        return self.borrowers[-1]


GET = b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nConnection: X-One\r\n\r\n"


async def test_borrower_sees_one_request_and_loses_its_connection_after_it():
    service = Lender()
    async with serving(service) as client:
        client.send(GET + GET)
        await until(lambda: service.borrowers, "the first is lent")
        first = service.borrowers[0]
        assert first.got == b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"
        assert first.transport.get_extra_info("peername")[0] == "127.0.0.1"
        first.answer()
        assert (await client.answer())[2] == b"ok"
        assert first.lost == [None]
        await until(lambda: len(service.borrowers) == 2, "the second is lent to another")
        service.borrowers[1].answer(reusable=False)
        assert (await client.answer())[2] == b"ok"
        assert await client.rest() == b""


async def test_bodies_arrive_as_they_are_framed():
    service = Lender()
    async with serving(service) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        await until(lambda: service.borrowers and service.borrowers[0].got.endswith(b"0\r\n\r\n"), "the body is whole")
        assert service.borrowers[0].got.endswith(b"\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        service.borrowers[0].answer()
        await client.answer()
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert (await client.answer())[0] == 100
        client.send(b"hi")
        await until(lambda: service.borrowers[1].got.endswith(b"\r\n\r\nhi"), "the body is whole")
        assert b"Expect" not in service.borrowers[1].got
        service.borrowers[1].answer()
        await client.answer()


async def test_client_that_leaves_takes_the_connection_with_it():
    service = Lender()
    async with serving(service) as client:
        client.send(GET)
        await until(lambda: service.borrowers, "it is lent")
        client.writer.close()
        await until(lambda: service.borrowers[0].lost, "the borrower has lost its connection")
        assert isinstance(service.borrowers[0].lost[0], ConnectionResetError)
        service.borrowers[0].answer()
        assert len(service.ended) == 1


async def test_borrower_that_closes_before_its_answer_is_whole_cuts_the_connection():
    service = Lender()
    async with serving(service) as client:
        client.send(GET)
        await until(lambda: service.borrowers, "it is lent")
        service.borrowers[0].transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha")
        service.borrowers[0].transport.close()
        assert (await client.rest()).endswith(b"ha")
        assert service.borrowers[0].lost == [None]


async def test_pressure_reaches_the_borrower():
    service = Lender()
    async with serving(service) as client:
        client.send(GET)
        await until(lambda: service.borrowers, "it is lent")
        borrower = service.borrowers[0]
        borrower.transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not borrower.paused:
            borrower.transport.write(b"x" * 100_000)
        async with asyncio.timeout(10):
            while borrower.paused != [True, False]:
                await client.reader.read(1 << 20)
        client.writer.close()
