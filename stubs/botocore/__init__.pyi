# The part of botocore that unisync and its tests use. Written by hand from the installed source.

from typing import Final

__version__: str

BOTOCORE_ROOT: Final[str]

# Exists in these stubs only: import it under TYPE_CHECKING.
class UnsignedType:
    def __copy__(self) -> UnsignedType: ...
    def __deepcopy__(self, memodict: dict[int, object]) -> UnsignedType: ...

UNSIGNED: Final[UnsignedType]

def xform_name(name: str, sep: str = "_") -> str: ...
