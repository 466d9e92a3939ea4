"""What a resource is: a frozen value whose fields carry how AWS treats them.

The same dataclass holds what is wanted and what AWS reports, so the two differ field by field.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from orchestrator.core.address import Address
from orchestrator.core.values import Ref

R_co = TypeVar("R_co", bound="Resource", covariant=True)


@dc.dataclass(frozen=True)
class Attr:
    """How AWS treats a field.

    ``path``: JMESPath into the item that AWS describes; empty when the kind's ``read`` fills the field.
    ``immutable``: a difference forces replacement. ``parse``: from AWS's form to the desired form, for values not None.
    """

    path: str
    immutable: bool = False
    parse: Callable[[Any], Any] | None = None


def attr(
    path: str = "",
    *,
    immutable: bool = False,
    parse: Callable[[Any], Any] | None = None,
    default: Any = dc.MISSING,
    factory: Any = dc.MISSING,
) -> Any:
    """Declare a managed field of a resource. A desired value of ``None`` means: not ours to decide, not compared."""
    metadata = {"attr": Attr(path, immutable, parse)}
    if factory is not dc.MISSING:
        return dc.field(default_factory=factory, metadata=metadata)
    return dc.field(default=default, metadata=metadata)


@dc.dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing on AWS. ``name`` is the plan's; what AWS calls it, where it names things, is ``aws_name``.

    ``tags`` are compared key by key: tags that others put there are left alone.
    ``after`` orders this behind others that it needs but does not refer to.
    """

    kind: ClassVar[str]
    _attrs: ClassVar[tuple[tuple[str, Attr], ...]]
    name: str
    tags: Mapping[str, str] = dc.field(default_factory=dict)
    after: frozenset[Address] = frozenset()

    @property
    def address(self) -> Address:
        """Where it stands in its stack."""
        return Address(self.kind, self.name)

    def out(self, output: str = "id") -> Ref[Self]:
        """A reference to one of its outputs."""
        return Ref(self.address, output)

    @classmethod
    def attrs(cls) -> tuple[tuple[str, Attr], ...]:
        """The managed fields in order of declaration, with how AWS treats each."""
        if "_attrs" not in cls.__dict__:
            cls._attrs = tuple((f.name, f.metadata["attr"]) for f in dc.fields(cls) if "attr" in f.metadata)
        return cls._attrs


@dc.dataclass(frozen=True)
class Live(Generic[R_co]):
    """What AWS says exists: the resource as we would have written it to get this, and its outputs (ids, ARNs, state).

    ``owned`` is false when a name that we want is taken by something without our tags.
    """

    resource: R_co
    outputs: Mapping[str, Any]
    owned: bool = True

    @property
    def address(self) -> Address:
        """Where it stands in its stack."""
        return self.resource.address
