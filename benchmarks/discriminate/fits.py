"""The trainings of the benchmark, kept as logits so that a run that was cut short goes on where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...training.section import Fit
from ...training.waveform.blast_data import BlastRecords
from ...training.waveform.ensemble import logits_of, train_members
from ...zoo.layers.members import member_weights, set_member_weights
from ...zoo.waveform import blast_networks

ANEW = Fit(learning_rate=1e-3, batch=64, epochs=10, patience=3, seeds=(1,))
TUNED = Fit(learning_rate=3e-4, batch=32, epochs=10, patience=3, seeds=(1,))
QUICK = {"epochs": 2}
# How fine-tuning may go: what learns, and whether the start is what was learnt elsewhere.
REGIMES = ("not tuned", "front frozen", "all layers", "from scratch")


class Trainings:
    """Trainings by name, each run once.

    Arguments:
        folder: weights and checkpoints of each training lie here. quick: two epochs each.
    """

    def __init__(self, folder: Path, quick: bool = False):
        self.folder, self.quick = folder, quick

    def network(self, name: str, train: BlastRecords, validation: BlastRecords, regime: str, start=None):
        """The network of a regime; `start` is what it begins with, where it does not begin anew."""
        if regime == "not tuned":
            return start
        kept = self.folder / f"{name}.npz"
        if kept.is_file():
            network = blast_networks.build("blast-both")
            with np.load(kept) as file:
                set_member_weights(network, [file[str(i)] for i in range(len(file.files))])
            return network
        settings = ANEW if regime == "from scratch" else TUNED
        settings = settings.model_copy(update=QUICK) if self.quick else settings
        begin = None if regime == "from scratch" else start
        network, _ = train_members(
            train, validation, settings, self.folder / name, start=begin, frozen=regime == "front frozen"
        )
        weights = [values for _, values in member_weights(network)]
        np.savez(kept, **{str(i): values for i, values in enumerate(weights)})
        return network

    def logits(self, network, *parts: BlastRecords) -> list[np.ndarray]:
        """(n, members, 2) of each set of records."""
        return [logits_of(network, part) for part in parts]
