"""What services, jobs and `pre_start` containers share.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import PrivateAttr

from hardener.model.base import (
    LEFT_TO_RIGHT,
    Entries,
    Flag,
    Lazy,
    Number,
    Part,
    Scalar,
    Text,
    TextOrTexts,
    Texts,
    Values,
    imported_on_use,
)
from hardener.model.interpolation import readable
from hardener.model.mounts import Mount, MountEntry, parse_tmpfs, read_mount
from hardener.model.parts import (
    SECRETS_FOLDER,
    Dependency,
    EnvFile,
    EnvFileEntry,
    Extends,
    ExtraHosts,
    Grant,
    GrantEntry,
    Healthcheck,
    Logging,
    Ulimit,
    Ulimits,
    read_env_files,
    read_grants,
    read_ulimits,
)
from hardener.model.ports import Port, PortEntry, read_port
from hardener.model.short import command_words, entries, text_values, texts
from hardener.model.units import boolean, byte_size, duration, integer, number

if TYPE_CHECKING:
    from hardener.model.build import Build
    from hardener.model.long import LongDependency, LongExtends
    from hardener.model.rare import BlkioConfig, CredentialSpec, DeviceRequest, LongDevice, ServiceModel
    from hardener.model.resources import ServiceNetwork
else:
    Build = imported_on_use("hardener.model.build", "Build")
    LongDependency = imported_on_use("hardener.model.long", "LongDependency")
    LongExtends = imported_on_use("hardener.model.long", "LongExtends")
    ServiceNetwork = imported_on_use("hardener.model.resources", "ServiceNetwork")
    BlkioConfig = imported_on_use("hardener.model.rare", "BlkioConfig")
    CredentialSpec = imported_on_use("hardener.model.rare", "CredentialSpec")
    DeviceRequest = imported_on_use("hardener.model.rare", "DeviceRequest")
    LongDevice = imported_on_use("hardener.model.rare", "LongDevice")
    ServiceModel = imported_on_use("hardener.model.rare", "ServiceModel")

BuildEntry = Annotated[Text | Lazy[Build], LEFT_TO_RIGHT]
ExtendsEntry = Annotated[Text | Lazy[LongExtends], LEFT_TO_RIGHT]
DeviceEntry = Annotated[Text | Lazy[LongDevice], LEFT_TO_RIGHT]


class Container(Part):
    """Something that runs a container.

    A field holds what was written; its `read_…()` method, where it has one, gives the normalised meaning.
    """

    annotations: Entries = None
    blkio_config: Lazy[BlkioConfig] | None = None
    build: BuildEntry = None
    cap_add: Texts = None
    cap_drop: Texts = None
    cgroup: Text = None
    cgroup_parent: Text = None
    command: TextOrTexts = None
    configs: list[GrantEntry] | None = None
    cpu_count: Number = None
    cpu_percent: Number = None
    cpu_period: Number = None
    cpu_quota: Number = None
    cpu_rt_period: Number = None
    cpu_rt_runtime: Number = None
    cpu_shares: Number = None
    cpus: Number = None
    cpuset: Text = None
    credential_spec: Lazy[CredentialSpec] | None = None
    depends_on: Annotated[dict[str, Lazy[LongDependency]] | list[Text] | None, LEFT_TO_RIGHT] = None
    device_cgroup_rules: Texts = None
    devices: list[DeviceEntry] | None = None
    dns: TextOrTexts = None
    dns_opt: Texts = None
    dns_search: TextOrTexts = None
    domainname: Text = None
    entrypoint: TextOrTexts = None
    env_file: Annotated[Text | list[EnvFileEntry], LEFT_TO_RIGHT] = None
    environment: Entries = None
    expose: list[Scalar] | None = None
    extends: ExtendsEntry = None
    extra_hosts: ExtraHosts = None
    gpus: Annotated[Text | list[Lazy[DeviceRequest]], LEFT_TO_RIGHT] = None
    group_add: list[Scalar] | None = None
    healthcheck: Lazy[Healthcheck] | None = None
    hostname: Text = None
    image: Text = None
    init: Flag = None
    ipc: Text = None
    isolation: Text = None
    label_file: TextOrTexts = None
    labels: Entries = None
    logging: Lazy[Logging] | None = None
    mac_address: Text = None
    mem_limit: Number = None
    mem_reservation: Number = None
    mem_swappiness: Number = None
    memswap_limit: Number = None
    models: Annotated[dict[str, Lazy[ServiceModel]] | list[Text] | None, LEFT_TO_RIGHT] = None
    network_mode: Text = None
    networks: Annotated[dict[str, Lazy[ServiceNetwork]] | list[Text] | None, LEFT_TO_RIGHT] = None
    oom_kill_disable: Flag = None
    oom_score_adj: Number = None
    pid: Text = None
    pids_limit: Number = None
    platform: Text = None
    ports: list[PortEntry] | None = None
    privileged: Flag = None
    profiles: Texts = None
    pull_policy: Text = None
    pull_refresh_after: Text = None
    read_only: Flag = None
    runtime: Text = None
    secrets: list[GrantEntry] | None = None
    security_opt: Texts = None
    shm_size: Number = None
    stdin_open: Flag = None
    stop_grace_period: Text = None
    stop_signal: Text = None
    storage_opt: Values = None
    sysctls: Entries = None
    tmpfs: TextOrTexts = None
    tty: Flag = None
    ulimits: Ulimits = None
    umask: Number = None
    use_api_socket: Flag = None
    user: Text = None
    userns_mode: Text = None
    uts: Text = None
    volumes: list[MountEntry] | None = None
    volumes_from: Texts = None
    working_dir: Text = None

    _name: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """Its key in the compose file; empty when read by itself."""
        # Rules ask thousands of times: this is `self._name` without the long way that pydantic takes to it.
        name: str = (self.__pydantic_private__ or {}).get("_name", "")
        return name

    @property
    def has_network(self) -> bool:
        """Whether it is on networks of its own, not on that of the host, another container's or none."""
        mode = readable(self.network_mode or "").strip()
        return mode not in ("host", "none") and not mode.startswith(("service:", "container:"))

    def read_build(self) -> Build | None:
        """The build in long syntax, None if not set."""
        if not isinstance(self.build, str):
            return self.build
        from hardener.model.build import Build

        return Build.model_construct(context=self.build)

    def read_depends_on(self) -> dict[str, Dependency]:
        """The services this one waits for, by name."""
        if not isinstance(self.depends_on, dict):
            return {name: Dependency() for name in texts(self.depends_on)}
        return {
            name: Dependency(
                long.condition or "service_started", boolean(long.required) is not False, boolean(long.restart) or False
            )
            for name, long in self.depends_on.items()
        }

    def read_extends(self) -> Extends | None:
        """The service this one extends, None if not set."""
        if isinstance(self.extends, Part):
            return Extends(self.extends.service, self.extends.file)
        return None if self.extends is None else Extends(self.extends)

    def read_ports(self) -> list[Port]:
        """Entries of `ports`, in order; what is no port is left out."""
        ports = (read_port(entry, position) for position, entry in enumerate(self.ports or ()))
        return [port for port in ports if port is not None]

    def read_command(self) -> list[str] | None:
        """The words of the command; None if not set, [] to clear the one of the image."""
        return command_words(self.command)

    def read_entrypoint(self) -> list[str] | None:
        """The words of the entrypoint; None if not set, [] to clear the one of the image."""
        return command_words(self.entrypoint)

    def read_environment(self) -> dict[str, str | None]:
        """Variables, values as text as written; None for a value taken from the shell. `env_file` is not read."""
        return entries(self.environment)

    def read_env_file(self) -> list[EnvFile]:
        """Files of variables, in order: later ones win, `environment` wins over all."""
        return read_env_files(self.env_file)

    def read_labels(self) -> dict[str, str]:
        """Labels of the container, values as text."""
        return text_values(self.labels)

    def read_volumes(self) -> list[Mount]:
        """Entries of `volumes`, in order."""
        mounts = (read_mount(entry, position) for position, entry in enumerate(self.volumes or ()))
        return [mount for mount in mounts if mount is not None]

    def read_tmpfs(self) -> list[Mount]:
        """Entries of `tmpfs`, in order. Long volumes of type tmpfs are in `read_volumes()`."""
        return [parse_tmpfs(entry, position) for position, entry in enumerate(texts(self.tmpfs))]

    def read_secrets(self) -> list[Grant]:
        """Secrets the container can read, with their paths."""
        return read_grants(self.secrets, SECRETS_FOLDER)

    def read_configs(self) -> list[Grant]:
        """Configs the container can read, with their paths."""
        return read_grants(self.configs, "/")

    def read_networks(self) -> dict[str, ServiceNetwork]:
        """The networks joined by name; {} stands for the implicit `default`, unless `network_mode` is set."""
        from hardener.model.resources import ServiceNetwork

        if isinstance(self.networks, dict):
            return self.networks
        return {name: ServiceNetwork.model_construct() for name in texts(self.networks)}

    def read_models(self) -> dict[str, ServiceModel]:
        """The language models used, by name."""
        from hardener.model.rare import ServiceModel

        if isinstance(self.models, dict):
            return self.models
        return {name: ServiceModel.model_construct() for name in texts(self.models)}

    def read_ulimits(self) -> dict[str, Ulimit]:
        """Soft and hard limits by resource."""
        return read_ulimits(self.ulimits)

    def read_cpus(self) -> float | None:
        """Cores the container may use at most."""
        return number(self.cpus)

    def read_mem_limit(self) -> int | None:
        """Bytes of memory the container may use at most."""
        return byte_size(self.mem_limit)

    def read_mem_reservation(self) -> int | None:
        """Bytes of memory the container is sure to get."""
        return byte_size(self.mem_reservation)

    def read_memswap_limit(self) -> int | None:
        """Bytes of memory and swap together; -1 for unlimited swap."""
        return byte_size(self.memswap_limit)

    def read_shm_size(self) -> int | None:
        """Bytes of /dev/shm."""
        return byte_size(self.shm_size)

    def read_pids_limit(self) -> int | None:
        """Processes and threads the container may have at most; -1 for no limit."""
        return integer(self.pids_limit)

    def read_stop_grace_period(self) -> float | None:
        """Seconds between the stop signal and SIGKILL."""
        return duration(self.stop_grace_period)
