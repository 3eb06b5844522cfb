"""Average a vector over the hosts of a job: the leader receives it from the others, and sends the mean to them."""

from __future__ import annotations

import socket
import time
from multiprocessing.connection import Client, Connection, Listener
from typing import List, Sequence, Tuple

import numpy as np

PORT = 7778
SECONDS = 60  # The hosts of a job do not start at the same moment.


class Averaging:
    """The connections of one host: the leader's to all others, or that of another host to the leader.

    Attributes:
        is_leader: Whether this host is the leader, the first of the hosts.
    """

    def __init__(self, hosts: Sequence[str], current_host: str, port: int = PORT) -> None:
        """Connect the hosts. A host that is alone has no connection."""
        leader = min(hosts)
        self.is_leader = current_host == leader
        self._connections: List[Connection] = []
        if len(hosts) > 1:
            address = (find_address(leader), port)
            self._connections = listen(address, len(hosts) - 1) if self.is_leader else [connect(address)]

    def mean(self, vector: np.ndarray) -> np.ndarray:
        """Return the mean of this vector over all hosts; each host gets the same one."""
        if not self._connections:
            return vector
        if self.is_leader:
            others = [np.frombuffer(connection.recv_bytes()) for connection in self._connections]
            vector = np.mean([vector, *others], axis=0)
        for connection in self._connections:
            connection.send_bytes(vector.tobytes())
        return vector if self.is_leader else np.frombuffer(self._connections[0].recv_bytes())


def find_address(host: str) -> str:
    """Return the address of a host. The names of the hosts of a local job do not resolve: they are all on this machine."""
    try:
        return socket.gethostbyname(host)
    except socket.gaierror:
        return "127.0.0.1"


def listen(address: Tuple[str, int], count: int) -> List[Connection]:
    """Wait until so many hosts have connected."""
    with Listener(address, backlog=count) as listener:
        return [listener.accept() for _ in range(count)]


def connect(address: Tuple[str, int]) -> Connection:
    """Connect to the leader as soon as it listens."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return Client(address)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
