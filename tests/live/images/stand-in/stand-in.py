"""`listen NAME PORT…` answers with its name wherever it is asked; `ask HOST:PORT…` tells who answers, as JSON.

A port may end in `/udp`. For a host that is not known, `ask` tells null, and for one that does not answer, "".
"""

import asyncio
import json
import re
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 2.0
"""Seconds to wait for an answer. Nothing here leaves the machine, so that one comes within milliseconds."""


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, name: str) -> None:
        self.name = name

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple) -> None:
        self.transport.sendto(self.name.encode(), address)


def bound(kind: socket.SocketKind, port: int) -> socket.socket:
    """A socket on all addresses, of IPv6 too where there are any."""
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("", port))
    return made


async def listen(name: str, *ports: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        writer.close()

    loop = asyncio.get_running_loop()
    for port in ports:
        number, _, protocol = port.partition("/")
        if protocol == "udp":
            await loop.create_datagram_endpoint(lambda: Datagrams(name), sock=bound(socket.SOCK_DGRAM, int(number)))
        else:
            await asyncio.start_server(answer, sock=bound(socket.SOCK_STREAM, int(number)))
    print("listening", flush=True)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def who(target: str) -> str | None:
    """Who answers at a target; a server that is about to start is waited for."""
    host, port, protocol = re.fullmatch(r"\[?(.+?)\]?:(\d+)(/udp)?", target).groups()
    kind = socket.SOCK_DGRAM if protocol else socket.SOCK_STREAM
    deadline = time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, int(port), type=kind)[0]
        except socket.gaierror:
            return None
        with socket.socket(family, kind) as asking:
            asking.settimeout(left)
            try:
                asking.connect(address)
                if protocol:
                    asking.send(b"?")
                return asking.recv(100).decode(errors="replace")
            except ConnectionRefusedError:
                time.sleep(0.1)
            except OSError:
                break
    return ""


def ask(*targets: str) -> None:
    with ThreadPoolExecutor(len(targets) or 1) as pool:
        print(json.dumps(dict(zip(targets, pool.map(who, targets), strict=True))))


if sys.argv[1] == "listen":
    asyncio.run(listen(*sys.argv[2:]))
else:
    ask(*sys.argv[2:])
