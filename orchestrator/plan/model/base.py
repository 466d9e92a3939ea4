"""What all sections of a plan share: strictness, short forms, and the words in which a value's rules are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

ALLOWED = "x-allowed"
"""The JSON Schema keyword under which a pattern is told in words."""


@dataclass(frozen=True)
class Says:
    """Tells in words what a value has to look like, where a pattern alone would not."""

    words: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Adds the words to the value's schema."""
        return {**handler(core), ALLOWED: self.words}


class Section(BaseModel):
    """A mapping in a plan. Nothing unknown is accepted, nothing is converted, and a key without a value is not stated.

    A section with ``shorthand`` may be written as the bare value of that field.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_alias=True, validate_by_name=False)
    shorthand: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _unfold(cls, data: Any) -> Any:
        fields = {f.alias or name for name, f in cls.model_fields.items()}
        if (
            cls.shorthand
            and data is not None
            and not (isinstance(data, Mapping) and (fields & data.keys() or not data))
        ):
            return {cls.shorthand: data}
        if isinstance(data, Mapping):
            return {k: v for k, v in data.items() if v is not None or k not in fields}
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A section with a short form is either form; the short one comes first."""
        schema = handler(core)
        if cls.shorthand is None:
            return schema
        full = handler.resolve_ref_schema(schema)
        return {"anyOf": [full["properties"][cls.shorthand], schema]}


Name = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40),
    Says("a name of at most 40 lower-case letters, digits and single hyphens, beginning with a letter"),
]
Region = Annotated[
    str,
    Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[1-9]$"),
    Says("an AWS region such as us-east-1"),
]
Account = Annotated[str, Field(pattern=r"^[0-9]{12}$"), Says("an account number of 12 digits, in quotes")]
Zone = Annotated[
    str,
    Field(pattern=r"^([a-f]|[a-z]{2}(-[a-z]+)+-[1-9][a-f])$"),
    Says("a zone's letter from a to f, or its full name such as us-east-1a"),
]
Cidr = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"),
    Says("an IPv4 range such as 10.0.0.0/16"),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[float, Field(gt=0, le=100)]
Seconds = Annotated[int, Field(ge=0, le=86400)]
Arn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:\S+$"),
    Says("an ARN such as arn:aws:acm:us-east-1:123456789012:certificate/…"),
]
RoleArn = Annotated[
    str,
    Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+$"),
    Says("a role's ARN such as arn:aws:iam::123456789012:role/deploy"),
]
Variable = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"),
    Says("the name of an environment variable: letters, digits and underscores"),
]
