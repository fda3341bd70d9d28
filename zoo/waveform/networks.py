"""The waveform classifiers by the name of their architecture."""

from __future__ import annotations

from ...datasets.errors import InputError
from .laurenti import laurenti
from .logistic import SIDES, logistic
from .spectrogram_cnn import VARIANTS, Variant, spectrogram_cnn

# The raw-waveform network and the logistic ones see what p64 sees.
WINDOW_OF = dict.fromkeys([*SIDES, "laurenti"], "p64")


def architectures() -> list[str]:
    """Every architecture's name."""
    return [*VARIANTS, *WINDOW_OF]


def window_of(architecture: str) -> Variant:
    """The window and front end of an architecture."""
    if architecture not in architectures():
        raise InputError(f"an architecture of {', '.join(architectures())}", repr(architecture), "choose from the list")
    return VARIANTS[WINDOW_OF.get(architecture, architecture)]


def build(architecture: str):
    """A keras.Model of the architecture, untrained: waveform (samples, 3) -> {"logits", "probability"}."""
    window_of(architecture)
    if architecture == "laurenti":
        return laurenti()
    if architecture in SIDES:
        return logistic(architecture)
    return spectrogram_cnn(architecture)
