"""Compiled sums over pairs of events, and over times, of the space-time ETAS likelihood; needs numba."""

from __future__ import annotations

import numpy as np
from numba import njit

# Pairs are taken in blocks that stay in the first cache; within a block each loop is plain arithmetic on doubles, which
# the compiler turns into vector instructions. The C library's log and exp would keep it from that: eight times slower.
BLOCK = 512
# Sums may be taken in any order; the bit tricks below must be left as they are written.
_FAST = {"reassoc", "contract", "nsz"}
_LN2 = np.log(2.0)
_LOG2E = 1.0 / _LN2
# A double's bits: 2^52 added to a small whole number shows it in the lowest bits, and the exponent begins at bit 52.
_WHOLE = 2.0**52
_ROUND = 1.5 * 2.0**52
_WHOLE_BITS = np.float64(_WHOLE).view(np.uint64)
_HALF_ROOT_BITS = np.float64(np.sqrt(0.5)).view(np.uint64)
_EXPONENT = np.uint64(52)
_BIAS = np.uint64(1023)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _logarithms(x, bits, power, power_bits, n):
    """Natural logarithms in place of n numbers of at least one; `bits` and `power_bits` are views of the other two."""
    for i in range(n):
        k = (bits[i] - _HALF_ROOT_BITS) >> _EXPONENT
        power_bits[i] = k | _WHOLE_BITS
        bits[i] = bits[i] - (k << _EXPONENT)
    for i in range(n):
        # x = 2^k m with m from sqrt(1/2) to sqrt(2), ln m = 2 artanh((m - 1) / (m + 1))
        s = (x[i] - 1.0) / (x[i] + 1.0)
        z = s * s
        odd = 1 / 11 + z * (1 / 13 + z * (1 / 15))
        odd = 1.0 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * odd))))
        x[i] = (power[i] - _WHOLE) * _LN2 + 2.0 * s * odd


@njit(cache=True, nogil=True, fastmath={"contract"})
def _exponentials(x, bits, power, power_bits, n):
    """Exponentials in place of n numbers above -700; `bits` and `power_bits` are views of the other two."""
    for i in range(n):
        power[i] = x[i] * _LOG2E + _ROUND
        x[i] = x[i] - (power[i] - _ROUND) * _LN2
    for i in range(n):
        power_bits[i] = (power_bits[i] + _BIAS) << _EXPONENT
    for i in range(n):
        r = x[i]
        high = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800)))
        high = 1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * high)))
        x[i] = power[i] * (1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * high))))


@njit(cache=True, nogil=True, fastmath=_FAST)
def triggered_rates(t, x, y, excess, per_sigma, amplitude, target, c, p, q, first, step, rate, slopes):
    """Rate at each target event from all strictly earlier ones, and its derivatives; written into the last two.

    Every `step`-th target from the `first` on is done, so that threads can share them.

    Arguments (n events, k targets), days and km:
        t, x, y: (n,), times ascending.
        excess: (n,), m - m0.
        per_sigma: (n,), one over the square of the spatial scale, 1/km2.
        amplitude: (n,), rate density of an event at its own place and time.
        target: (k,) indices of events.
        rate: (k,), per day and km2.
        slopes: (k, 7), derivatives by ln K, alpha, ln c, p (of the decay's exponent only), ln D, gamma, q (likewise).
    """
    in_time, in_space, w, power = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    since, apart = np.empty(BLOCK), np.empty(BLOCK)
    in_time_bits, in_space_bits = in_time.view(np.uint64), in_space.view(np.uint64)
    w_bits, power_bits = w.view(np.uint64), power.view(np.uint64)
    per_c = 1.0 / c
    for k in range(first, len(target), step):
        j = target[k]
        past = j
        while past > 0 and t[past - 1] == t[j]:
            past -= 1
        total = along_alpha = along_c = along_p = along_d = along_gamma = along_q = 0.0
        for start in range(0, past, BLOCK):
            n = min(BLOCK, past - start)
            for i in range(n):
                dx, dy = x[j] - x[start + i], y[j] - y[start + i]
                in_time[i] = 1.0 + (t[j] - t[start + i]) * per_c
                in_space[i] = 1.0 + (dx * dx + dy * dy) * per_sigma[start + i]
                # age / (age + c) and r2 / (r2 + sigma)
                since[i] = 1.0 - 1.0 / in_time[i]
                apart[i] = 1.0 - 1.0 / in_space[i]
            _logarithms(in_time, in_time_bits, power, power_bits, n)
            _logarithms(in_space, in_space_bits, power, power_bits, n)
            for i in range(n):
                w[i] = -p * in_time[i] - q * in_space[i]
            _exponentials(w, w_bits, power, power_bits, n)
            for i in range(n):
                value = w[i] * amplitude[start + i]
                width = value * (q * apart[i] - 1.0)
                total += value
                along_alpha += value * excess[start + i]
                along_c += value * since[i]
                along_p += value * in_time[i]
                along_d += width
                along_gamma += width * excess[start + i]
                along_q += value * in_space[i]
        rate[k] = total
        slopes[k, 0] = total
        slopes[k, 1] = along_alpha
        slopes[k, 2] = p * along_c - total
        slopes[k, 3] = -along_p
        slopes[k, 4] = along_d
        slopes[k, 5] = along_gamma
        slopes[k, 6] = -along_q


@njit(cache=True, nogil=True)
def observed_shares(t, low, high, c, p, share):
    """Share of each event's offspring born in the observed windows, and its derivatives by ln c and p; into `share`.

    Arguments: t (n,) days; low, high (w,) days; share (n, 3).
    """
    for i in range(len(t)):
        value = along_c = along_p = 0.0
        for k in range(len(low)):
            for edge, sign in ((high[k], 1.0), (low[k], -1.0)):
                age = edge - t[i]
                if age <= 0.0:
                    continue
                logarithm = np.log(1.0 + age / c)
                decay = np.exp((1.0 - p) * logarithm)
                # sign (1 - decay), of which the ones of a whole window cancel
                value += sign * (1.0 - decay)
                along_c -= sign * (p - 1.0) * decay * (age / (age + c))
                along_p += sign * decay * logarithm
        share[i, 0] = value
        share[i, 1] = along_c
        share[i, 2] = along_p


@njit(cache=True, nogil=True)
def inside_shares(r2, weight, sigma, q, share):
    """Share of each event's kernel inside the box, and its derivatives by ln sigma and q; written into `share` (n, 3).

    Arguments: r2, weight (n, nodes), the squared distances to points on the box's edge and their angles over 2 pi.
    """
    for i in range(len(sigma)):
        value = along_sigma = along_q = 0.0
        for k in range(r2.shape[1]):
            scaled = r2[i, k] / sigma[i]
            logarithm = np.log(1.0 + scaled)
            beyond = weight[i, k] * np.exp((1.0 - q) * logarithm)
            value += weight[i, k] - beyond
            along_sigma -= beyond * (q - 1.0) * scaled / (1.0 + scaled)
            along_q += beyond * logarithm
        share[i, 0] = value
        share[i, 1] = along_sigma
        share[i, 2] = along_q


@njit(cache=True, nogil=True)
def density_of_others(x, y, weight, width, fold, first, step, density):
    """Sum of the Gaussians around points of other folds, each by its weight, at every `step`-th point; into `density`.

    A Gaussian ends six standard deviations out, where it holds 2e-8 of its weight.
    """
    reach, exponent, height = 36.0 * width**2, -0.5 / width**2, weight / (2.0 * np.pi * width**2)
    for j in range(first, len(x), step):
        total = 0.0
        for i in range(len(x)):
            dx, dy = x[j] - x[i], y[j] - y[i]
            r2 = dx * dx + dy * dy
            if r2 < reach[i] and fold[i] != fold[j]:
                total += height[i] * np.exp(exponent[i] * r2)
        density[j] = total
