"""What a kind of server tells the launcher: what it is made of, and how it is started."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from tests.servers.launching.place import Place
from tests.servers.launching.tools import Tools


class Server(ABC):
    """A server that tests can have. Each is started once, before the tests."""

    name: ClassVar[str]
    """How tests call it: ``COFFRE_TEST_<name>`` tells where its address is."""
    what: ClassVar[str]
    """What it is, for people."""
    programs: ClassVar[Mapping[str, str]] = {}
    """Programs of the system that it needs, each with the Debian package it comes with."""

    def install(self, tools: Tools) -> None:
        """Have what does not come from the system: virtual environments, npm trees."""
        del tools

    @abstractmethod
    def start(self, place: Place) -> Mapping[str, str]:
        """Start it in ``place``, and return its address once it answers.

        Raises:
            NotStartedError: it cannot be started here.
        """
