"""Moves bytes between client and upstream, faithfully and fast.

The budget, in CPU µs of one request on uvloop: a chat of 600 bytes answered by 400, both heads like the last ones on
their connections, 32 connections at once, activity log with captures, in-flight list and access log on.  Stages are
measured alone and hot, in plain Python, the sum by ``tests/benchmarks/stages.py``, what stands below it by ``run.py``.

======================================================================  =====
client's side: the head recognized (4.7 if it has to be parsed)           0.9
body: gathered, model and ``stream`` found in it                          2.1
profile and selector, model                                               0.5
the core: a lease asked for, granted, given back                          4.6
head for the upstream; call, connection, its answer recognized            3.0
head and body for the client                                              1.2
observation: in-flight list, tap, what is remembered (in memory)          3.5
access line: the event, and its share of a handful of lines               1.5
all between: turns, route and checks, the forward and what it holds        15
**ours**, as plain Python                                               30-32
**ours, compiled** (``installer/compile.py``)                           14-16
two reads, two writes, the loop's polling, uvloop around them           15-17
waking whoever sleeps, and what a cache loses to the system's work        4-7
======================================================================  =====

Two connections, httptools and nothing else take 15 to 17 (``tests/benchmarks/floor.py``): that is the least.

An event of a stream takes 2 µs of ours (compiled 1), and 10 to 25 of the system's.  Neither depends on how many models
are configured.  What costs most if it is not watched: writes that wake somebody one by one (``http1.outgoing``), cycles
of objects (the collector), threads that want the interpreter lock (``activity.log``), Python's logging
(``logs.access``).
"""

from llamaswap_desktop.proxy.server import Server

__all__ = ["Server"]
