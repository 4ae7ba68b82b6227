"""The picture as JSON, for other tools.

The keys, all of them always there; a side is an object with `before` and `after`, alike where no profile was given:

- `version`: 1. It changes when a key goes or means something else, not when one is added.
- `file`, `profile`: the file; the profile that makes it what it is after, or null.
- `services`: `name`, `role` (or null), `networks` (names, by side; one in brackets, such as `(host)`, is none of the
  file), `outside` (whether it can reach the outside, by side), `shares` (the service whose network it uses, or null),
  `undecided` (why it may talk to anyone, or null).
- `networks`: `name`, `external`, `internal` (by side), `members` (by side).
- `ports`: `service`, `where` (or null), and by side null or `host_ip`, `published`, `target`, `protocol`, `loopback`.
- `edges`: `source`, `target`, `ports`, `reachable` (by side), `possible` (nothing shows it, nothing rules it out),
  `fault` (what was reachable is cut), and `evidence`: `kind`, `claim`, `where`, `port` (or null).
- `pairs`: every two services that share a network on a side: `services`, `reachable` (by side), `used`,
  `possible`.
- `outgoing`: `service`, `claim`, `where`. `notes`: sentences.

Values that look secret are masked.
"""

from __future__ import annotations

import json
from typing import Any

from hardener.model import Port
from hardener.views.graph.picture import Box, Link, Net, Picture, Publication

VERSION = 1


def data(picture: Picture) -> str:
    """The picture as a JSON document of its own."""
    order, used, possible = picture.order, picture.used, picture.possible
    pairs = sorted(picture.could | picture.can, key=lambda both: (order[both[0]], order[both[1]]))
    document = {
        "version": VERSION,
        "file": picture.file,
        "profile": picture.profile,
        "services": [_service(box) for box in picture.boxes],
        "networks": [_network(net) for net in picture.nets],
        "ports": [_publication(one) for one in picture.ports],
        "edges": [_edge(link) for link in picture.links],
        "pairs": [
            {
                "services": both,
                "reachable": _sides(both in picture.could, both in picture.can),
                "used": both in used,
                "possible": both in possible,
            }
            for both in pairs
        ],
        "outgoing": [{"service": way.service, "claim": way.claim, "where": way.where} for way in picture.outgoing],
        "notes": list(picture.notes),
    }
    return json.dumps(document, indent=2) + "\n"


def _sides(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def _service(box: Box) -> dict[str, Any]:
    return {
        "name": box.name,
        "role": box.role,
        "networks": _sides(box.before, box.after),
        "outside": _sides(*box.leaves),
        "shares": box.shares,
        "undecided": box.undecided,
    }


def _network(net: Net) -> dict[str, Any]:
    return {
        "name": net.name,
        "external": net.external,
        "internal": _sides(*net.internal),
        "members": _sides(net.before, net.after),
    }


def _publication(one: Publication) -> dict[str, Any]:
    return {"service": one.service, "where": one.where, **_sides(_port(one.before), _port(one.after))}


def _port(port: Port | None) -> dict[str, Any] | None:
    if port is None:
        return None
    return {
        "host_ip": port.host_ip,
        "published": port.published,
        "target": port.target,
        "protocol": port.protocol,
        "loopback": port.loopback,
    }


def _edge(link: Link) -> dict[str, Any]:
    return {
        "source": link.source,
        "target": link.target,
        "ports": link.ports,
        "reachable": _sides(link.before, link.after),
        "possible": link.possible,
        "fault": link.fault,
        "evidence": [
            {"kind": edge.kind, "claim": edge.claim, "where": edge.where, "port": edge.port} for edge in link.evidence
        ],
    }
