"""RTL: region, time and length of the past seismicity around a cell (Sobolev and Tyupkin 1997; Kail et al. 2020)."""

from __future__ import annotations

import numpy as np

from .history import History

R0_KM = (25.0, 50.0, 100.0)
T0_DAYS = (20.0, 45.0, 90.0)
# Beyond so many r0 an event's weight in R is below 1e-3.
REACH = 7.0
# The recursion of T has forgotten all but 1e-5 after so many t0.
MEMORY = 12.0


def rupture_length_km(magnitude) -> np.ndarray:
    """l = exp(0.5 M - 1.8) km (Kail et al. 2020).

    >>> float(rupture_length_km(5.0).round(3))
    2.014
    """
    return np.exp(0.5 * np.asarray(magnitude) - 1.8)


def rtl_parts(history: History, day, r0_km=R0_KM, t0_days=T0_DAYS) -> np.ndarray:
    """R, T and L, float32 of shape (3, r0 x t0, rows, columns), r0 varying slowest.

    R = sum exp(-r / r0) over the last t0 days; T = T exp(-1 / t0) + the day's events within r0, day after day;
    L = sum exp(-l / r0) over the events within r0 of the last t0 days. Distances are those of the cells' centres.
    """
    import scipy.fft

    kernels, shape = _kernels(history, tuple(r0_km))
    spectra = {}
    for t0 in t0_days:
        last = int(np.ceil(t0))
        spectra["R", t0] = history.summed(day, lambda age, m: np.ones_like(m), last)
        spectra["T", t0] = history.summed(
            day, lambda age, m, t0=t0: np.exp(-(age - 1) / t0), last_days=int(np.ceil(MEMORY * t0))
        )
        for r0 in r0_km:
            spectra["L", r0, t0] = history.summed(day, lambda age, m, r0=r0: np.exp(-rupture_length_km(m) / r0), last)
    transformed = scipy.fft.rfft2(np.stack(list(spectra.values())), shape)
    spectra = dict(zip(spectra, transformed, strict=True))
    products = [spectra["R", t0] * kernels["far", r0] for r0 in r0_km for t0 in t0_days]
    products += [spectra["T", t0] * kernels["near", r0] for r0 in r0_km for t0 in t0_days]
    products += [spectra["L", r0, t0] * kernels["near", r0] for r0 in r0_km for t0 in t0_days]
    maps = scipy.fft.irfft2(np.stack(products), shape)[:, : history.shape[0], : history.shape[1]]
    # The transform leaves rounding errors of both signs where nothing is.
    parts = np.maximum(history.inner(maps), 0.0)
    return parts.reshape(3, len(r0_km) * len(t0_days), *history.grid.shape).astype(np.float32)


def rtl(history: History, day, r0_km=R0_KM, t0_days=T0_DAYS, mean=None, deviation=None) -> np.ndarray:
    """RTL = R T L, float32 (r0 x t0, rows, columns), given as log(1 + RTL).

    Arguments:
        mean, deviation: of shape (3, r0 x t0, rows, columns); with them RTL is the classic product of the three parts,
            each less its long-term mean and divided by its deviation (Sobolev and Tyupkin 1997), without logarithm.
    """
    parts = rtl_parts(history, day, r0_km, t0_days)
    if mean is None:
        return np.log1p(parts.prod(axis=0))
    return ((parts - mean) / np.maximum(deviation, 1e-6)).prod(axis=0)


def _kernels(history: History, r0_km: tuple[float, ...]) -> tuple[dict, tuple[int, int]]:
    """Transformed kernels of exp(-r / r0) and of the disc r <= r0, and the size of the transform."""
    import scipy.fft

    cache = history.__dict__.setdefault("_rtl_kernels", {})
    if r0_km in cache:
        return cache[r0_km]
    grid = history.grid
    sizes = [size * history.km_per_unit for size in (grid.cell_y, grid.cell_x)]
    # No further than the map: what lies beyond has no cell to act on.
    reach = [
        min(length - 1, int(np.ceil(REACH * max(r0_km) / size)))
        for length, size in zip(history.shape, sizes, strict=True)
    ]
    shape = tuple(scipy.fft.next_fast_len(n + r, real=True) for n, r in zip(history.shape, reach, strict=True))
    # Signed offsets in the order of a transform, so that the kernel is centred on the first cell.
    row, column = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    distance = np.hypot(row[:, None] * sizes[0], column[None, :] * sizes[1])
    outside = (row[:, None] > reach[0]) | (column[None, :] > reach[1])
    kernels = {}
    for r0 in r0_km:
        far = np.where(outside, 0.0, np.exp(-distance / r0))
        near = np.where(outside, 0.0, distance <= r0)
        kernels["far", r0] = scipy.fft.rfft2(far.astype(np.float32))
        kernels["near", r0] = scipy.fft.rfft2(near.astype(np.float32))
    cache[r0_km] = kernels, shape
    return cache[r0_km]
