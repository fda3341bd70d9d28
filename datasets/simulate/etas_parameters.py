"""EtasParameters: the numbers of a space-time ETAS model, and the laws that follow from them.

The expected number of events per day and km2 at time t (days) and place (x, y) (km), given all earlier events i:

    lambda(t, x, y) = mu u(x, y) + sum over t_i < t of  k(m_i) g(t - t_i) f(r_i^2; m_i)

    k(m)      = K exp(alpha (m - m0))                                   offspring of an event (Utsu 1971)
    g(t)      = (p - 1) / c  (1 + t / c)^-p                             Omori-Utsu, integrates to one
    f(r2; m)  = (q - 1) / (pi sigma)  (1 + r2 / sigma)^-q               isotropic power law, integrates to one
    sigma(m)  = D exp(gamma (m - m0))                                   km2

with u a density that integrates to one over the region (Ogata 1998, Ann. Inst. Stat. Math. 50, 379-402; Zhuang, Ogata
& Vere-Jones 2002, J. Am. Stat. Assoc. 97, 369-380; sigma that grows with magnitude apart from k as in Zhuang, Chang,
Ogata & Chen 2005, J. Geophys. Res. 110, B05S18). Magnitudes are independent of all else and follow
Gutenberg-Richter between m0 and m_max.

K counts all the direct offspring that an event of magnitude m0 ever has. A law with p <= 1 has no finite total: it is
allowed only with `omori_days`, the age at which triggering stops; g is then cut there and normalised over
[0, omori_days], so that K keeps its meaning for every p.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ..errors import InputError


@dataclass(frozen=True)
class EtasParameters:
    """Space-time ETAS with Gutenberg-Richter magnitudes; the module's text has the equations.

    Arguments:
        mu_per_day: background events with m >= m0 per day in the whole region.
        K: expected direct offspring of an event of magnitude m0, over all time (or `omori_days`).
        alpha: growth of the offspring with magnitude, natural logarithm.
        c_days, p: Omori-Utsu.
        D_km2, gamma, q: spatial kernel.
        b: Gutenberg-Richter slope, decimal logarithm.
        m0, m_max: smallest and largest magnitude.
        omori_days: the age at which triggering stops; None for never.

    >>> parameters = EtasParameters(1.0, 0.2, 1.5, 0.01, 1.2, 1.0, 1.0, 1.7, b=1.0, m0=3.0, m_max=8.0)
    >>> round(parameters.branching_ratio(), 3), round(parameters.branching_ratio(duration_days=1.0), 3)
    (0.563, 0.34)
    """

    mu_per_day: float
    K: float
    alpha: float
    c_days: float
    p: float
    D_km2: float
    gamma: float
    q: float
    b: float
    m0: float
    m_max: float
    omori_days: float | None = None

    def __post_init__(self):
        for name, value in asdict(self).items():
            if value is None and name == "omori_days":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
                raise InputError(f"a finite number for {name}", repr(value), f"give {name} a value")
            object.__setattr__(self, name, float(value))
        for name in ("c_days", "p", "D_km2", "b", "omori_days"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise InputError(f"{name} above 0", f"{value:g}", f"raise {name}")
        for name in ("mu_per_day", "K", "alpha", "gamma"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} of at least 0", f"{getattr(self, name):g}", f"raise {name}")
        if self.p <= 1 and self.omori_days is None:
            raise InputError(
                "p above 1 when aftershocks never end", f"p = {self.p:g}", "raise p or give omori_days, their last age"
            )
        if self.q <= 1:
            raise InputError("q above 1", f"{self.q:g}", "raise q: the spatial kernel has no finite integral")
        if not -5 <= self.m0 < self.m_max <= 10:
            raise InputError(
                "-5 <= m0 < m_max <= 10", f"m0 = {self.m0:g}, m_max = {self.m_max:g}", "mend the magnitude range"
            )

    @property
    def beta(self) -> float:
        """Gutenberg-Richter slope, natural logarithm: b ln 10."""
        return self.b * np.log(10.0)

    def utsu_productivity(self, magnitude) -> np.ndarray:
        """Expected direct offspring over all time of events of these magnitudes, k(m)."""
        return self.K * np.exp(self.alpha * (np.asarray(magnitude, dtype=np.float64) - self.m0))

    def sigma_km2(self, magnitude) -> np.ndarray:
        """The square of the spatial kernel's scale for events of these magnitudes."""
        return self.D_km2 * np.exp(self.gamma * (np.asarray(magnitude, dtype=np.float64) - self.m0))

    def branching_ratio(self, duration_days: float | None = None) -> float:
        """Expected direct offspring of an event of random magnitude: over all time, or within `duration_days`.

        n = K beta / (beta - alpha) (1 - exp(-(beta - alpha) d)) / (1 - exp(-beta d)), d = m_max - m0, times the Omori
        law's integral over the duration. Over all time n >= 1 is a process that does not end, and raises InputError.
        """
        span = self.m_max - self.m0
        mean_growth = _decay_integral(self.beta - self.alpha, span) / _decay_integral(self.beta, span)
        ratio = self.K * mean_growth
        if duration_days is not None:
            if not duration_days > 0:
                raise InputError("a duration above 0 days", f"{duration_days:g}", "give a longer duration")
            return float(ratio * self.omori_fraction(duration_days))
        if ratio >= 1:
            raise InputError(
                "a branching ratio below 1", f"{ratio:.3f}", "lower K or alpha, raise b, or ask for a finite duration"
            )
        return float(ratio)

    def omori_fraction(self, age_days) -> np.ndarray:
        """Share of an event's offspring that is born before this age: the integral of g; 0 at negative ages."""
        return self._omori_integral(age_days) / self._omori_total

    def omori_density(self, age_days) -> np.ndarray:
        """g, per day; 0 at negative ages and past `omori_days`."""
        age = np.asarray(age_days, dtype=np.float64)
        alive = age >= 0 if self.omori_days is None else (age >= 0) & (age <= self.omori_days)
        decay = np.exp(-self.p * np.log1p(np.maximum(age, 0.0) / self.c_days))
        return np.where(alive, decay / (self.c_days * self._omori_total), 0.0)

    def omori_age(self, fraction) -> np.ndarray:
        """The age in days before which this share of the offspring is born; inverse of `omori_fraction`."""
        integral = np.asarray(fraction, dtype=np.float64) * self._omori_total
        excess = self.p - 1
        logarithm = integral if excess == 0 else -np.log1p(-excess * integral) / excess
        return self.c_days * np.expm1(logarithm)

    @property
    def _omori_total(self) -> float:
        return 1 / (self.p - 1) if self.omori_days is None else float(self._omori_integral(self.omori_days))

    def _omori_integral(self, age_days) -> np.ndarray:
        """Integral of (1 + t/c)^-p dt/c from 0 to an age, which also holds at p = 1."""
        age = np.clip(age_days, 0.0, self.omori_days)
        return _decay_integral(self.p - 1, np.log1p(age / self.c_days))

    def space_density(self, r2_km2, sigma_km2) -> np.ndarray:
        """f, per km2, at a squared distance from an event with this sigma."""
        log_decay = -self.q * np.log1p(r2_km2 / sigma_km2)
        return (self.q - 1) / (np.pi * sigma_km2) * np.exp(log_decay)

    def squared_distance(self, fraction, sigma_km2) -> np.ndarray:
        """The r2 in km2 within which this share of the offspring lies: inverse of 1 - (1 + r2/sigma)^(1-q)."""
        # Close to q = 1 a share of the offspring lies beyond every number; infinity says so.
        with np.errstate(over="ignore"):
            return sigma_km2 * np.expm1(-np.log1p(-np.asarray(fraction)) / (self.q - 1))

    def magnitude_at(self, fraction) -> np.ndarray:
        """The magnitude below which this share of all events lies (truncated Gutenberg-Richter)."""
        return self.m0 + _decay_quantile(self.beta, self.m_max - self.m0, fraction)

    def triggering_magnitude_at(self, fraction) -> np.ndarray:
        """The magnitude below which this share of all offspring has its parent."""
        return self.m0 + _decay_quantile(self.beta - self.alpha, self.m_max - self.m0, fraction)

    def share_above(self, magnitude) -> np.ndarray:
        """Share of events of at least this magnitude."""
        span = self.m_max - self.m0
        below = np.clip(np.asarray(magnitude, dtype=np.float64) - self.m0, 0.0, span)
        return 1 - _decay_integral(self.beta, below) / _decay_integral(self.beta, span)


def _decay_integral(rate: float, length) -> np.ndarray:
    """Integral of exp(-rate s) over [0, length], at any sign of the rate and at zero."""
    length = np.asarray(length, dtype=np.float64)
    return length if rate == 0 else -np.expm1(-rate * length) / rate


def _decay_quantile(rate: float, length: float, fraction) -> np.ndarray:
    """Quantile of the density proportional to exp(-rate s) on [0, length]."""
    integral = np.asarray(fraction, dtype=np.float64) * _decay_integral(rate, length)
    return integral if rate == 0 else -np.log1p(-rate * integral) / rate
