"""What each past event adds to the expected count of one cell: an ETAS forecast taken apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .forecast import EtasForecasts
from .observation import US_PER_DAY

# Events whose patches are gathered at once: 20 MB of indices.
_AT_ONCE = 4096


class Contributions(NamedTuple):
    """Expected events of one cell.

    background: with the offspring of what it will bring. event: (events,) of each past event, with its offspring's.
    row, column: (events,) their cells in the forecast's grid, also beyond its ends. age_days: before the issue.
    """

    background: float
    event: np.ndarray
    row: np.ndarray
    column: np.ndarray
    age_days: np.ndarray


def contributions(forecasts: EtasForecasts, day, row: int, column: int, magnitude: float | None = None):
    """`Contributions` to the cell (row, column) of the forecasts' grid, which sum to the map's count there.

    Arguments:
        day: of issue. magnitude: the smallest that counts, m0 where None.
    """
    from .patches import REACH, SIDE

    p, region = forecasts.fit.parameters, forecasts.fit.background.region
    first_row, first_column = (part.start for part in forecasts.block)
    at = np.array([row + first_row, column + first_column])
    issue = float((region.day_start(np.datetime64(day, "D")) - forecasts.origin).astype(np.int64) / US_PER_DAY)
    past = forecasts.past(issue)
    weight, position = forecasts.weights(issue)
    place = np.stack([forecasts.row[:past], forecasts.column[:past]])
    offset = at[:, None] - place
    near = (np.abs(offset) <= REACH).all(axis=0)
    event = np.zeros(past)
    direct = forecasts.patches[np.flatnonzero(near), *(offset[:, near] + REACH)]
    event[near] = weight[0, near] * direct
    # Beyond its patch an event acts by its distance, later generations with the direct offspring.
    far = ~near
    r2 = (offset[0, far] * region.cell_y) ** 2 + (offset[1, far] * region.cell_x) ** 2
    node = np.minimum(forecasts.position[:past][far].astype(int), len(forecasts.nodes) - 2)
    rest = forecasts.position[:past][far] - node
    decay, each = forecasts.decay(r2), np.arange(len(r2))
    share = decay[node, each] * (1 - rest) + decay[node + 1, each] * rest
    event[far] += weight[:, far].sum(axis=0) * forecasts.far_weight[:past][far] * share
    if len(forecasts.sums) and past:
        kernel = np.fft.irfft2(forecasts.mixture(position, past), forecasts.size)
        steps = np.arange(SIDE) - REACH
        for start in range(0, past, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            i, j = place[0, some, None] + steps, place[1, some, None] + steps
            inside = ((i >= 0) & (i < region.rows))[:, :, None] & ((j >= 0) & (j < region.columns))[:, None, :]
            spread = kernel[(at[0] - i)[:, :, None] % len(kernel), (at[1] - j)[:, None, :] % kernel.shape[1]]
            later = np.einsum("eij,eij,eij->e", forecasts.patches[some], spread, inside)
            event[some] += weight[1, some] * later
    share = 1.0 if magnitude is None else float(p.share_above(magnitude))
    return Contributions(
        share * float(forecasts.background[tuple(at)]),
        share * event,
        place[0] - first_row,
        place[1] - first_column,
        issue - forecasts.t_days[:past],
    )
