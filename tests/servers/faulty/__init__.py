"""Proxies on this machine that break what passes, on order.

    with FaultyProxy(host, port) as proxy:
        proxy.script(Fault(method="PUT", lose_answer=True))
        driver.connect(harness.through(proxy.host, proxy.port).parameters)...
        assert [one.status for one in proxy.passed] == [200]

``FaultyProxy`` understands HTTP/1.1, ``FaultyRelay`` carries any protocol over TCP. Both run in a
thread of the test's own process, and take no certificate: what is broken is plain.
"""

from tests.servers.faulty.faults import Answer, Break, Damage, Fault, throttled
from tests.servers.faulty.proxy import FaultyProxy
from tests.servers.faulty.record import Carried, Passed
from tests.servers.faulty.relay import FaultyRelay

__all__ = [
    "Answer",
    "Break",
    "Carried",
    "Damage",
    "Fault",
    "FaultyProxy",
    "FaultyRelay",
    "Passed",
    "throttled",
]
