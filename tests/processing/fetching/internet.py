"""What answers behind the wire: every address serves pictures and redirects, and one serves names."""

import socket
import threading
from collections import Counter
from contextlib import ExitStack
from ipaddress import ip_address
from urllib.parse import unquote

from tests.processing.fetching.servers import head, path_of, redirect, serving
from tests.processing.fetching.wire import DNS_ADDRESS

PUBLIC_IPV4, PUBLIC_IPV6 = "93.184.216.34", "2606:2800:220:1::1"

NAMES = {
    "pictures.test": [PUBLIC_IPV4, PUBLIC_IPV6],
    "cutouts.test": ["198.41.0.5"],
    "alias.test": ["198.41.0.5"],
    "admin.test": [PUBLIC_IPV4],
    "deep.inside.test": [PUBLIC_IPV4],
}

_A, _AAAA = 1, 28
_open = ExitStack()
_asked: Counter[tuple[str, int]] = Counter()


def name_of(address: str, kind: str) -> str:
    """Return a name for an address: straight to it, mixed with a public one, or turning to it the second time."""
    return f"x{ip_address(address).packed.hex()}.{kind}.test"


def serve() -> None:
    """Start serving, in the network of the thread that calls this; the end of the process ends it."""
    for port, tls in ((80, False), (443, True)):
        _open.enter_context(serving(_answer, host="::", port=port, tls=tls))
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((DNS_ADDRESS, 53))
    threading.Thread(target=_serve_names, args=(names,), daemon=True).start()


def stop() -> None:
    _open.close()


def forget(name: str) -> None:
    """Let a turning name begin anew."""
    for kind in (_A, _AAAA):
        _asked[name, kind] = 0


def _answer(connection: socket.socket, request: bytes) -> None:
    path = path_of(request)
    if path.startswith("/to?"):
        connection.sendall(redirect(unquote(path.removeprefix("/to?"))))
    else:
        connection.sendall(head("200 OK") + f"picture at {_here(connection)}".encode())


def _here(connection: socket.socket) -> str:
    return str(connection.getsockname()[0]).removeprefix("::ffff:")


def _serve_names(names: socket.socket) -> None:
    while True:
        query, peer = names.recvfrom(4096)
        names.sendto(_reply(query), peer)


def _reply(query: bytes) -> bytes:
    labels, place = [], 12
    while size := query[place]:
        labels.append(query[place + 1 : place + 1 + size].decode().lower())
        place += 1 + size
    kind = int.from_bytes(query[place + 1 : place + 3], "big")
    question = query[12 : place + 5]
    answers = [
        b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\x00\x01\x00\x00\x00\x00" + len(packed).to_bytes(2, "big") + packed
        for packed in (ip_address(address).packed for address in _addresses(".".join(labels), kind))
        if len(packed) == (4 if kind == _A else 16)
    ]
    header = query[:2] + b"\x85\x80\x00\x01" + len(answers).to_bytes(2, "big") + b"\x00\x00\x00\x00"
    return header + question + b"".join(answers)


def _addresses(name: str, kind: int) -> list[str]:
    if name in NAMES:
        return NAMES[name] if kind in (_A, _AAAA) else []
    label, _, rest = name.partition(".")
    address = str(ip_address(bytes.fromhex(label[1:])))
    public = [PUBLIC_IPV6 if ":" in address else PUBLIC_IPV4]
    _asked[name, kind] += 1
    match rest:
        case "straight.test":
            return [address]
        case "mixed.test":
            return [*public, address]
        case "turning.test":
            return public if _asked[name, kind] == 1 else [address]
        case _:
            return []
