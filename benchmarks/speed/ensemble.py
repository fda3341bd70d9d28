"""Records per second of the ten networks of a blast ensemble in one graph, beside ten graphs one after the other."""

from __future__ import annotations

import numpy as np

from .spectrogram import records_per_second

MEMBERS = 5


def run(batches=(1, 64), rounds: int = 9, seed: int = 0) -> list[dict]:
    """A row a batch size: both ways on the same weights and records, and the largest difference of their logits."""
    import tensorflow as tf

    from ...zoo.layers.members import MemberConvolution, MemberDense, MemberNorm, seed_members
    from ...zoo.waveform.blast_networks import SAMPLES, build

    whole = build("blast-both", MEMBERS)
    seed_members(whole, range(seed, seed + MEMBERS))
    singles = []
    for architecture in ("blast-spectrogram", "blast-waveform"):
        for member in range(MEMBERS):
            single = build(architecture, 1)
            for layer in single.layers:
                if isinstance(layer, (MemberConvolution, MemberDense, MemberNorm)):
                    layer.set_weights([w.numpy()[member : member + 1] for w in whole.get_layer(layer.name).weights])
            singles.append(single)

    def graph(network):
        return tf.function(lambda x: network({"waveform": x}, training=False)["logits"], autograph=False)

    together, apart = graph(whole), [graph(single) for single in singles]
    rows = []
    for batch in batches:
        waveform = tf.constant(np.random.default_rng(seed).standard_normal((batch, SAMPLES, 1)).astype(np.float32))
        difference = together(waveform).numpy() - np.concatenate([one(waveform).numpy() for one in apart], axis=1)
        one_rate = records_per_second(lambda x=waveform: together(x).numpy(), batch, rounds)
        ten_rate = records_per_second(lambda x=waveform: [one(x).numpy() for one in apart], batch, rounds)
        rows.append(
            {
                "batch": batch,
                "one_graph_records_per_s": one_rate,
                "ten_passes_records_per_s": ten_rate,
                "ratio": one_rate / ten_rate,
                "difference": float(np.abs(difference).max()),
            }
        )
    return rows
