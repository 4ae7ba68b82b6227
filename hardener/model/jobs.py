"""Jobs, and the containers that run before a service; imported when the first one is read.

https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from typing import Annotated

from hardener.model.base import LEFT_TO_RIGHT, Flag, Lazy, Part, Text
from hardener.model.container import Container


class PreStartHook(Container):
    """One entry of `pre_start`: a container that runs to its end before the service starts."""

    per_replica: Flag = None


class Schedule(Part):
    """The long syntax of one entry of a job's schedule."""

    cron: Text = None
    timezone: Text = None
    concurrency: Text = None
    missed_fires: Text = None


class Triggers(Part):
    """`triggers` of a job: when it runs."""

    manual: Flag = None
    schedule: list[Annotated[Text | Lazy[Schedule], LEFT_TO_RIGHT]] | None = None


class Job(Container):
    """One job: a container that runs to completion when triggered."""

    triggers: Lazy[Triggers] | None = None
