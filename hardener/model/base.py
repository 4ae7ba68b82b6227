"""What every part of a compose file shares: lossless reading, and the types of scalar fields.

A part keeps what was written: `Part.model_validate(data).model_dump() == data`, with the same types and key order at
every level, unknown keys kept and unset fields absent. Nothing is coerced: the normalised meaning of a field that has
several spellings is what its `read_…()` method returns.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, PrivateAttr
from pydantic_core import CoreSchema, core_schema

from hardener.shown import name

T = TypeVar("T")


class _Kind:
    """Accept a value by its Python type alone, and say in plain words what was expected.

    One `isinstance` in pydantic-core; a union of scalar types would cost a branch (and, on failure, an error) for each.
    """

    def __init__(self, words: str, *types: type) -> None:
        self.words = words
        self.types = (*types, type(None))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(self.types, cls_repr=self.words)


# `${VAR}` is a str wherever it stands, and compose casts strings to what a field needs, so no scalar type excludes str.
# None is in all of them: compose refuses most nulls, but not those behind `!reset`, nor where `extends` or another file
# gives the value.
Text = Annotated[str | None, _Kind("a string", str)]
Flag = Annotated[bool | str | None, _Kind("true, false or a string", bool, str)]
Number = Annotated[int | float | str | None, _Kind("a number or a string", int, float, str)]
Scalar = Annotated[bool | int | float | str | None, _Kind("a string, number or boolean", bool, int, float, str)]


class _OnFirstUse:
    """Build the validator of a part when the first one is read, not with the part around it.

    One file uses little of the specification, and building all of it takes longer than reading the file.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(source.model_validate)


Lazy = Annotated[T, _OnFirstUse()]
"""`Lazy[Build]` is `Build`, built on first use."""


def imported_on_use(module: str, name: str) -> Any:
    """A stand-in for a part that few files have, to be wrapped in `Lazy`: its module is imported when one is read."""

    def model_validate(data: Any) -> Any:
        return getattr(import_module(module), name).model_validate(data)

    return type(name, (), {"model_validate": staticmethod(model_validate)})


LEFT_TO_RIGHT = Field(union_mode="left_to_right")
"""Put on unions whose branches differ in kind: the first that fits is the only one that can."""

Texts = list[Text] | None
Values = dict[str, Scalar] | None
TextOrTexts = Annotated[Text | list[Text], LEFT_TO_RIGHT]
Entries = Annotated[dict[str, Scalar] | list[Text] | None, LEFT_TO_RIGHT]
"""`key: value` or a list of `key=value`, as in environment and labels."""


class Part(BaseModel):
    """A mapping of a compose file. Reading null gives an empty part that dumps as null."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, hide_input_in_errors=True)

    _keys: tuple[str, ...] | None = PrivateAttr(())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # What model_validator and model_serializer do, without inspecting signatures again for every class.
        return core_schema.no_info_wrap_validator_function(
            cls._read, handler(source), serialization=core_schema.plain_serializer_function_ser_schema(as_written)
        )

    @classmethod
    def _read(cls, data: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Self:
        part: Self = validate({} if data is None else data)
        if part is not data:
            part._keys = None if data is None else tuple(data)
        return part

    def __repr_args__(self) -> Iterator[tuple[None, str]]:
        """Its keys, without their values."""
        return ((None, name(key)) for key in self._keys or ())


def as_written(value: Any) -> Any:
    """The source data of a part, or of a list or dict of parts."""
    if isinstance(value, Part):
        if value._keys is None:
            return None
        known, unknown = value.__dict__, value.__pydantic_extra__ or {}
        return {key: as_written(known[key]) if key in known else unknown[key] for key in value._keys}
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_written(item) for item in value]
    return value
