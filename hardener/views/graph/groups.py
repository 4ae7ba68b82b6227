"""Networks as boxes around services, where that is true: where any two networks are apart, or one is in the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from hardener.views.graph.picture import Box, Net, Picture


@dataclass(frozen=True, slots=True)
class Group:
    """A network with the services in no network inside it, and the networks inside; the outermost has no network."""

    net: Net | None
    boxes: list[Box] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


def grouped(picture: Picture) -> Group | None:
    """The services in the networks they are in after; None where networks overlap, or tell nothing."""
    nets = sorted((net for net in picture.nets if net.after), key=lambda net: -len(net.after))
    sets = [set(net.after) for net in nets]
    if not picture.split or not all(
        one >= other or one.isdisjoint(other) for index, one in enumerate(sets) for other in sets[index + 1 :]
    ):
        return None
    top = Group(None)
    made: list[tuple[set[str], Group]] = []
    for net, members in zip(nets, sets, strict=True):
        inner = Group(net)
        around = next((group for outer, group in reversed(made) if outer >= members), top)
        around.groups.append(inner)
        made.append((members, inner))
    for box in picture.boxes:
        next((group for members, group in reversed(made) if box.name in members), top).boxes.append(box)
    return top
