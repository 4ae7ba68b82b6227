"""The long syntaxes of what also has a short one, imported when the first of them is read.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from hardener.model.base import Entries, Flag, Lazy, Number, Part, Text


class LongExtends(Part):
    """The long syntax of `extends`."""

    service: Text = None
    file: Text = None


class LongDependency(Part):
    """The long syntax of one dependency."""

    condition: Text = None
    restart: Flag = None
    required: Flag = None


class LongEnvFile(Part):
    """The long syntax of one env file."""

    path: Text = None
    format: Text = None
    required: Flag = None


class LongGrant(Part):
    """The long syntax of access to one secret or config."""

    source: Text = None
    target: Text = None
    uid: Text = None
    gid: Text = None
    mode: Number = None


class LongUlimit(Part):
    """The long syntax of one ulimit."""

    hard: Number = None
    soft: Number = None


class LongPort(Part):
    """The long syntax of one port."""

    name: Text = None
    mode: Text = None
    host_ip: Text = None
    target: Number = None
    published: Number = None
    protocol: Text = None
    app_protocol: Text = None


class BindOptions(Part):
    """`bind` of a long volume."""

    propagation: Text = None
    create_host_path: Flag = None
    recursive: Text = None
    selinux: Text = None


class VolumeOptions(Part):
    """`volume` of a long volume."""

    labels: Entries = None
    nocopy: Flag = None
    subpath: Text = None


class TmpfsOptions(Part):
    """`tmpfs` of a long volume. `size` is in bytes, `mode` an octal file mode."""

    size: Number = None
    mode: Number = None


class ImageOptions(Part):
    """`image` of a long volume."""

    subpath: Text = None


class LongMount(Part):
    """The long syntax of one volume."""

    type: Text = None
    source: Text = None
    target: Text = None
    read_only: Flag = None
    consistency: Text = None
    bind: Lazy[BindOptions] | None = None
    volume: Lazy[VolumeOptions] | None = None
    tmpfs: Lazy[TmpfsOptions] | None = None
    image: Lazy[ImageOptions] | None = None
