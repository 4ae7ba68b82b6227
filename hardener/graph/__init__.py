"""Who talks to whom in a project: `read_graph` and what it gives."""

from hardener.graph.read import read_graph
from hardener.graph.types import Edge, EdgeKind, Exposure, Foreign, Graph, Outgoing

__all__ = ["Edge", "EdgeKind", "Exposure", "Foreign", "Graph", "Outgoing", "read_graph"]
