"""Profiles: which transforms run, with which settings, and how sure a change must be to be made.

A profile is a YAML file: one of those shipped (`development`, `staging`, `production`, `strict`), or a user's own, by
its path. It can extend another one, whose settings it then changes key by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hardener.errors import HardenError, Where
from hardener.knowledge import Role
from hardener.knowledge.catalog import data_folders
from hardener.knowledge.inspection import LocalImages
from hardener.source import Document, Path, dotted, load
from hardener.source.files import read
from hardener.transforms import builtin, find, nearest
from hardener.transforms.base import Confidence, Transform


class Exemption(BaseModel):
    """Services that rules leave alone, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    services: list[str] = Field(min_length=1, description="Names of services, or globs of them.")
    rules: list[str] = Field(default=["*"], description="Ids of rules, or globs of them.")
    reason: str = Field(min_length=1, description="Why. Shown wherever the exemption applies.")


class ProfileFile(BaseModel):
    """What stands in a profile's file."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, title="hardener profile")

    extends: str | None = Field(default=None, description="A profile by name, or by its path from this file.")
    description: str | None = Field(default=None, description="One line that says whom it is for.")
    confidence: Confidence | None = Field(
        default=None, description="The least sure changes that are made; less sure ones are held back."
    )
    transforms: dict[str, Any] = Field(
        default_factory=dict,
        description="Rules by id, in the order they run, with their settings; `false` turns one off.",
    )
    roles: dict[str, Role] = Field(
        default_factory=dict, description="The role of services whose image does not tell it, by service name."
    )
    # A lambda, because pydantic asks for the signature of a factory, and Python would have to parse that of `list`.
    exempt: list[Exemption] = Field(default_factory=lambda: [], description="Services that rules leave alone.")
    facts: list[str] = Field(
        default_factory=lambda: [],
        description="Folders, from this file, with data files on images of your own; they go before the shipped ones.",
    )


@dataclass(frozen=True)
class Profile:
    """Transforms with their settings, in order, and what they may do.

    Changes less sure than `confidence` are held back. `roles` gives services a role that their image does not tell;
    `exempt` lists services that rules leave alone; `facts` are folders of data files on images; `images` is what is
    known of the images at hand where the stack runs.
    """

    name: str = "custom"
    description: str = ""
    confidence: Confidence = Confidence.KNOWN
    transforms: tuple[Transform, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    exempt: tuple[Exemption, ...] = ()
    facts: tuple[FilePath, ...] = ()
    images: LocalImages = field(default_factory=LocalImages)

    @classmethod
    def read(cls, name: str) -> Profile:
        """The profile called `name`, or the one in the file `name` (a path has a `/` or ends in `.yml` or `.yaml`).

        Raises HardenError, with line and column, where there is none, something in it is wrong, or it has no rules.
        """
        return _profile(name)

    def with_facts(self, folders: Iterable[str]) -> Profile:
        """The same profile with more folders of data files. Raises HardenError where there is none."""
        return replace(self, facts=(*self.facts, *data_folders(folders)))

    @classmethod
    def of(cls, transforms: Iterable[Transform]) -> Profile:
        """A profile of these transforms, which makes every change they want: whoever lists them has chosen."""
        return cls(confidence=Confidence.ASSUMED, transforms=tuple(transforms))


def shipped() -> dict[str, FilePath]:
    """The profiles that come with this package, by name, from the mildest to the strictest."""
    package = FilePath(__file__).parent
    # In an installed package they lie inside it; in a checkout, at the top of the tree.
    folder = package / "profiles" if (package / "profiles").is_dir() else package.parent / "profiles"
    return {name: folder / f"{name}.yml" for name in ("development", "staging", "production", "strict")}


def _profile(name: str) -> Profile:
    chain = list(_chain(_locate(name, FilePath()), ()))
    settings: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for document, file in reversed(chain):
        for rule, value in file.transforms.items():
            _known(rule, value, document)
            settings[rule] = _over(settings.get(rule), value)
        for key in file.model_fields_set - {"transforms", "extends", "exempt", "facts"}:
            value = getattr(file, key)
            merged[key] = {**merged.get(key, {}), **value} if key == "roles" else value
        for index, exemption in enumerate(file.exempt):
            for rule in exemption.rules:
                if not re.search(r"[*?\[]", rule):
                    _known(rule, None, document, ("exempt", index, "rules"))
        merged["exempt"] = (*merged.get("exempt", ()), *file.exempt)
        merged["facts"] = (*merged.get("facts", ()), *_folders(file.facts, document))
    transforms = tuple(_transform(rule, value, chain) for rule, value in settings.items() if value is not False)
    if not transforms:
        # It would let every file pass, also as a gate: an empty file, or a forgotten `extends`.
        raise HardenError("this profile has no rules", chain[0][0].where(()), "extend one, as in `extends: production`")
    return Profile(
        name=FilePath(name).stem, transforms=transforms, **{k: v for k, v in merged.items() if v is not None}
    )


def _folders(names: list[str], document: Document) -> tuple[FilePath, ...]:
    """The folders of data files that a profile names."""
    try:
        return data_folders(str(FilePath(document.file).parent / name) for name in names)
    except HardenError as error:
        raise HardenError(error.message, error.where or document.where(("facts",)), error.hint) from None


def _locate(name: str, folder: FilePath) -> FilePath:
    if "/" in name or name.endswith((".yml", ".yaml")):
        return folder / name
    known = shipped()
    if name not in known:
        raise HardenError(f"there is no profile {name!r}", hint=f"{nearest(name, list(known))}, or give a path")
    return known[name]


def _chain(path: FilePath, seen: tuple[FilePath, ...]) -> Iterator[tuple[Document, ProfileFile]]:
    """The profile in `path` and those it extends, the most special one first."""
    if path.exists() and not path.is_file():
        raise HardenError("not a regular file", Where(str(path)), "a profile is a YAML file")
    document = load(read(str(path)).text, str(path))
    if path.resolve() in seen:
        raise HardenError("this profile extends itself", document.where(("extends",)), "end the circle")
    try:
        file = ProfileFile.model_validate({} if document.merged is None else document.merged)
    except ValidationError as error:
        raise _wrong(error, document, (), ProfileFile) from None
    yield document, file
    if file.extends:
        try:
            base = _locate(file.extends, path.parent)
        except HardenError as error:
            raise HardenError(error.message, document.where(("extends",)), error.hint) from None
        yield from _chain(base, (*seen, path.resolve()))


def _over(base: Any, value: Any) -> Any:
    """The settings `value` over those of the profile that is extended: maps are merged, all else is replaced."""
    if value is None or value is True:
        return base or {}
    if isinstance(base, dict) and isinstance(value, dict):
        return {**base, **{key: _over(base[key], item) if key in base else item for key, item in value.items()}}
    return value


def _known(rule: str, settings: Any, document: Document, path: Path = ()) -> None:
    where = document.where(path or ("transforms", rule))
    try:
        find(rule)
    except HardenError as error:
        raise HardenError(error.message, where, error.hint) from error
    if not isinstance(settings, dict | bool | None):
        raise HardenError(
            f"transforms.{rule} must be a map of settings, or false", where, f"see `harden explain {rule}`"
        )


def _transform(rule: str, settings: Any, chain: list[tuple[Document, ProfileFile]]) -> Transform:
    kind = find(rule)
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        # The settings may come from any file of the chain: name the one that sets this.
        where = ("transforms", rule, *error.errors()[0]["loc"])
        document = next((document for document, _ in chain if _holds(document, where)), chain[0][0])
        raise _wrong(error, document, ("transforms", rule), kind) from None


def _holds(document: Document, path: Path) -> bool:
    value: Any = document.merged
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _wrong(error: ValidationError, document: Document, path: Path, kind: type[BaseModel]) -> HardenError:
    """The first problem of a profile, in words."""
    first = error.errors()[0]
    place = (*path, *(step for step in first["loc"] if step != "[key]"))
    name = dotted(place) or "a profile"
    where = document.where(place)
    if first["type"] == "extra_forbidden":
        known = list(_model_at(kind, first["loc"][:-1]).model_fields)
        return HardenError(f"{name} is no setting", where, nearest(str(place[-1]), known))
    if first["type"] in ("dict_type", "model_type", "list_type"):
        kind_wanted = "a list" if first["type"] == "list_type" else "a map"
        return HardenError(f"{name} must be {kind_wanted}", where, "see `harden schema`")
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return HardenError(f"{name}: {message}", where, "see `harden explain` and `harden schema`")


def _model_at(kind: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that stands at `path` in another: the last one met on the way."""
    for step in path:
        field_info = kind.model_fields.get(str(step))
        inner = list(_models(field_info.annotation)) if field_info else []
        kind = inner[0] if inner else kind
    return kind


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type, however deep: `Budget` in `dict[Role, Budget]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def schema() -> dict[str, Any]:
    """The JSON Schema of a profile file, with the settings of every built-in rule."""
    result = ProfileFile.model_json_schema()
    definitions = result.setdefault("$defs", {})
    rules: dict[str, Any] = {}
    for rule in builtin():
        kind = find(rule)
        part = kind.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= part.pop("$defs", {})
        part["description"] = kind.title
        rules[rule] = {"anyOf": [part, {"type": ["boolean", "null"]}]}
    transforms = result["properties"]["transforms"]
    transforms.pop("additionalProperties", None)
    transforms["properties"] = rules
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **result}
