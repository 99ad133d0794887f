"""Moves bytes between client and upstream, faithfully and fast.

The budget, in CPU µs of one request on uvloop: a chat of 600 bytes answered by 400, both heads like the last ones on
their connections, 32 connections at once, activity log with captures, in-flight list and access log on.  Measured
stage by stage (``tests/benchmarks/stages.py`` gives the sum; the parts below the bold line come from ``run.py``):

======================================================================  =====
client's connection: the head recognized (4.7 if it has to be parsed)     1.0
the exchange, its turn, its route, host and key checks                    4.0
body: gathered, model and ``stream`` found in it                          2.1
profile and selector, model                                               0.5
the core: a lease asked for, granted, given back                          4.7
the forward itself: what is held, and given back in one place             4.0
head for the upstream, call, connection, its answer recognized            3.7
head and body for the client, the turn's end                              2.5
observation: in-flight list, tap, what is remembered (in memory)          3.5
access line: event, and its share of a handful of lines                   2.0
**ours**                                                                   28
two reads, two writes, the loop's polling                               16-20
uvloop around them                                                       6-10
======================================================================  =====

An event of a stream takes 2 µs of ours, and 15 to 25 of the system's.  Neither depends on how many models are
configured.  What costs most if it is not watched: writes that wake somebody one by one (``http1.outgoing``), cycles of
objects (the collector), threads that want the interpreter lock (``activity.log``), Python's logging (``logs.access``).
"""

from llamaswap_desktop.proxy.server import Server

__all__ = ["Server"]
