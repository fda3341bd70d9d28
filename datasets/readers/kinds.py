"""The kinds of events, in the vocabulary of QuakeML 1.2."""

from __future__ import annotations

import numpy as np

# The EventType enumeration of QuakeML 1.2 (Euchner and Schorlemmer 2013, section 5.4).
KINDS = frozenset(
    """not existing|not reported|earthquake|anthropogenic event|collapse|cavity collapse|mine collapse|
    building collapse|explosion|accidental explosion|chemical explosion|controlled explosion|experimental explosion|
    industrial explosion|mining explosion|quarry blast|road cut|blasting levee|nuclear explosion|
    induced or triggered event|rock burst|reservoir loading|fluid injection|fluid extraction|crash|plane crash|
    train crash|boat crash|other event|atmospheric event|sonic boom|sonic blast|acoustic noise|thunder|avalanche|
    snow avalanche|debris avalanche|hydroacoustic event|ice quake|slide|landslide|rockslide|meteorite|
    volcanic eruption""".replace("\n", "")
    .replace("|    ", "|")
    .split("|")
)
# Other agencies' words for the same things.
SYNONYMS = {
    "eq": "earthquake",
    "quarry": "quarry blast",
    "quarryblast": "quarry blast",
    "blast": "explosion",
    "mine blast": "mining explosion",
    "nuclear": "nuclear explosion",
    "nuclear test": "nuclear explosion",
    "rockburst": "rock burst",
    "icequake": "ice quake",
    "ice-quake": "ice quake",
    "rock slide": "rockslide",
    "sonicboom": "sonic boom",
    "induced": "induced or triggered event",
    "induced earthquake": "induced or triggered event",
    "volcanic": "earthquake",
    "volcano-tectonic": "earthquake",
    "unknown": "not reported",
    "other": "other event",
}


def quakeml_kinds(words, synonyms: dict[str, str] = SYNONYMS, ledger=None) -> np.ndarray:
    """QuakeML's word for each of an agency's; an empty one is an earthquake, an unknown one an "other event".

    Arguments:
        words: texts, shape (events,).
        synonyms: the agency's own codes.
        ledger: counts the empty and the unknown words.

    >>> quakeml_kinds(["eq", "Quarry Blast", "rockburst"]).tolist()
    ['earthquake', 'quarry blast', 'rock burst']
    """
    import pyarrow as pa

    coded = (words if isinstance(words, pa.Array) else pa.array(np.asarray(words, dtype=np.str_))).dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    names, counts = [], np.bincount(codes, minlength=len(coded.dictionary))
    for word, count in zip(coded.dictionary.to_pylist(), counts, strict=True):
        plain = " ".join(word.lower().replace("_", " ").split())
        name = synonyms.get(plain, plain)
        if not plain:
            name = "earthquake"
            if ledger is not None:
                ledger.note("events without a type, taken as earthquakes", count)
        elif name not in KINDS:
            name = "other event"
            if ledger is not None:
                ledger.note(f"events of the unknown type {word.strip()!r}, kept as 'other event'", count)
        names.append(name)
    return np.array(names or [""], dtype=np.str_)[codes]
