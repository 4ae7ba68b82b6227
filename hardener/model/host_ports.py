"""The ports of the host that the services of a project take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge

from hardener.model.ports import Port, port_range
from hardener.model.service import Service

_WIDE = 16
"""Numbers of a range from which on it is not noted under each of them."""


class HostPorts:
    """What services publish before any change, in their order, found by number."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._taken: list[tuple[Service, Port, range]] = []
        self._by_number: dict[int, list[int]] = {}
        self._wide: list[int] = []
        for service in services:
            if service.has_network and service.read_scale() != 0:
                for port in service.read_ports():
                    if (numbers := port_range(port.published)) is not None:
                        self._note(service, port, numbers)

    def _note(self, service: Service, port: Port, numbers: range) -> None:
        place = len(self._taken)
        self._taken.append((service, port, numbers))
        if len(numbers) > _WIDE:
            self._wide.append(place)
            return
        for number in numbers:
            self._by_number.setdefault(number, []).append(place)

    def among(self, numbers: range) -> Iterator[tuple[Service, Port]]:
        """Who publishes some of these numbers, in order; of a range, one may be told more than once."""
        places: Iterable[int] = range(len(self._taken))
        if len(numbers) <= _WIDE:
            places = merge(self._wide, *(self._by_number.get(number, ()) for number in numbers))
        for service, port, taken in map(self._taken.__getitem__, places):
            if numbers.start < taken.stop and taken.start < numbers.stop:
                yield service, port
