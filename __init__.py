"""foreshock: a Keras model zoo for earthquake science.

>>> import foreshock
>>> model = foreshock.load("p64-simcycle")
>>> model.card.classes
('foreshock', 'aftershock')
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "load", "models"]


if TYPE_CHECKING:
    from .zoo.registry import load, models


def __getattr__(name: str):
    # The registry checks cards with pydantic; it is imported when first asked for, so that this import stays quick.
    if name in ("load", "models"):
        from .zoo import registry

        return getattr(registry, name)
    raise AttributeError(f"module 'foreshock' has no attribute {name!r}")


def __dir__():
    return __all__
