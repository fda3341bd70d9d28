"""Fitted rate models as ONNX graphs: a table of events goes in as it is, and comes out as rates and probabilities.

What the models do day by day with a History is done here for a whole table at once, in the same double precision up to
the maps, so that no event changes its cell or its day.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..zoo.forecast import features
from ..zoo.forecast.baseline_forecaster import EVENT_COLUMNS, BaselineForecaster
from ..zoo.forecast.boosting import Boosting
from ..zoo.forecast.history import History
from ..zoo.forecast.recency import Recency, head_of
from ..zoo.onnx_graph import OPSET

DAY_US = 86_400_000_000.0
# Trees on whole numbers answer the same anywhere. Those on sums of Gaussians split between numbers that differ in their
# last digit, which is another in every library: the same trees gave other rates in one cell of two hundred.
WHOLE_FEATURES = ("indicators",)


def has_rate_graph(model) -> bool:
    """Whether `write_rate_graph` can write this model."""
    if not isinstance(model, BaselineForecaster) or model.grid.timezone != "UTC":
        return False
    rates = model.rate_model
    return isinstance(rates, Recency) or (
        isinstance(rates, Boosting) and all(entry["name"] in WHOLE_FEATURES for entry in rates.features)
    )


def write_rate_graph(model: BaselineForecaster, path: Path) -> None:
    """Write events (batch, n, 5) and day (batch,) -> rate, probability for the model's own window and magnitude."""
    import onnx

    rates = model.rate_model
    graph = _RateGraph(model)
    if isinstance(rates, Recency):
        proto = graph.convert(graph.recency_rate)
    else:
        proto = graph.convert(graph.boosting_rows)
        head = head_of(rates.heads, model.window_days)
        _append_trees(proto, onnx.load_from_string(head["trees"]), graph.offset(head))
    _append_probability(proto, model)
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())


class _RateGraph:
    """The arithmetic of History and of the features in TensorFlow, from where it is converted."""

    def __init__(self, model: BaselineForecaster):
        from ..datasets.catalog import Catalog

        self.model, self.rates, self.grid = model, model.rate_model, model.grid
        nobody = Catalog([], [], [], [], [])
        self.history = History(nobody, self.grid, self.rates.input_magnitude, self.rates.padding_km)

    def convert(self, outputs):
        """The ONNX graph of a function of the events."""
        import tensorflow as tf
        import tf2onnx

        from ..zoo.onnx_graph import _quiet

        signature = [
            tf.TensorSpec([None], tf.float32, name="day"),
            tf.TensorSpec([None, None, len(EVENT_COLUMNS)], tf.float32, name="events"),
        ]

        @tf.function(input_signature=signature)
        def graph(day, events):
            # The day is part of the protocol; ages are counted from it already.
            unused = tf.cast(tf.reduce_sum(day) * 0.0, tf.float64)
            return outputs(tf.cast(events, tf.float64) + unused)

        with _quiet():
            proto, _ = tf2onnx.convert.from_function(graph, input_signature=signature, opset=OPSET)
        return proto

    def recency_rate(self, events):
        """Expected events a cell, (batch, rows, columns)."""
        import tensorflow as tf

        head = head_of(self.rates.heads, self.model.window_days)
        b0, b1, *rest = head["coefficients"]
        maps = self.decaying_counts(self.placed(events), head["decay_days"], head["widths_km"])
        a, b = self.model.window_days
        base = b0 + b1 * np.log(self.rates.rate_per_day * (b - a))
        raised = _log1p(tf.cast(tf.stack(maps, -1), tf.float64) / head["least_count"])
        total = tf.reduce_sum(raised * np.array(rest), -1)
        return {"rate": tf.cast(tf.exp(base + total), tf.float32)}

    def boosting_rows(self, events):
        """A row of features a cell, (batch x rows x columns, features)."""
        import tensorflow as tf

        placed, maps = self.placed(events), []
        if self.rates.residual:
            one = tf.zeros_like(self.summed(placed, lambda age, m: tf.ones_like(m), 1))
            maps.append(self.inner(one) + self.log_expected())
        for entry in self.rates.wanted:
            arguments = {key: value for key, value in entry.items() if key != "name"}
            maps += getattr(self, entry["name"])(placed, **arguments)
        return {"rows": tf.reshape(tf.stack(maps, -1), [-1, len(maps)])}

    def log_expected(self) -> np.ndarray:
        a, b = self.model.window_days
        return np.log(self.rates.rate_per_day * (b - a)).astype(np.float32)

    def offset(self, head) -> np.ndarray:
        """What the trees' sum is added to, (rows, columns)."""
        if self.rates.residual:
            return self.log_expected()
        return np.full(self.grid.shape, head["offset"], np.float32)

    def placed(self, events):
        """(age in days, magnitude, padded cell) of each event, each (batch, n); an age of 0 is no event."""
        import tensorflow as tf

        events = tf.where(tf.math.is_nan(events), tf.constant(-1.0, tf.float64), events)
        days, latitude, longitude, _, magnitude = tf.unstack(events, axis=-1)
        age = tf.math.ceil(tf.round(days * DAY_US) / DAY_US)
        grid, (rows, columns) = self.grid, self.history.shape
        x, y = self.forward(latitude, longitude)
        row = tf.floor((y - grid.y0) / grid.cell_y) + self.history.margin[0]
        column = tf.floor((x - grid.x0) / grid.cell_x) + self.history.margin[1]
        known = (age >= 1) & (magnitude >= self.rates.input_magnitude)
        known &= (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        cell = tf.where(known, row * columns + column, tf.zeros_like(row))
        return tf.where(known, age, tf.zeros_like(age)), magnitude, tf.cast(cell, tf.int64)

    def forward(self, latitude, longitude):
        """`projection.forward`."""
        import tensorflow as tf

        from ..datasets.projection import KM_PER_DEGREE, LocalPlane

        projection = self.grid.projection
        east = longitude - projection.longitude0 + 180.0
        east = east - 360.0 * tf.floor(east / 360.0) - 180.0
        if not isinstance(projection, LocalPlane):
            return east, latitude
        shrunk = tf.cos(latitude * (np.pi / 180.0))
        return east * KM_PER_DEGREE * shrunk, (latitude - projection.latitude0) * KM_PER_DEGREE

    def summed(self, placed, weight, last_days: int):
        """`History.summed`: (batch, padded rows, padded columns) float32."""
        import tensorflow as tf

        age, magnitude, cell = placed
        recent = (age >= 1) & (age <= last_days)
        weights = tf.where(recent, weight(age, magnitude), tf.zeros_like(age))
        batch, cells = tf.shape(age, tf.int64)[0], int(np.prod(self.history.shape))
        index = tf.reshape(cell + tf.range(batch)[:, None] * cells, [-1, 1])
        empty = tf.zeros([batch * cells], tf.float64)
        total = tf.tensor_scatter_nd_add(empty, index, tf.reshape(weights, [-1]))
        return tf.cast(tf.reshape(total, [-1, *self.history.shape]), tf.float32)

    def inner(self, maps):
        """`History.inner`."""
        (rows, columns), grid = self.history.margin, self.grid
        return maps[:, rows : rows + grid.rows, columns : columns + grid.columns]

    def blurred(self, maps, width_km: float):
        """`History.blurred`."""
        if width_km == 0:
            return self.inner(maps)
        self.history.blurred(np.zeros(self.history.shape, np.float32), width_km)
        left, right = self.history._blurs[width_km]
        return left @ maps @ right

    def decaying_counts(self, placed, decay_days, widths_km) -> list:
        """`features.decaying_counts`, the maps as a list."""
        import tensorflow as tf

        maps = [
            self.summed(placed, lambda age, m, t=t: tf.exp(-(age - 0.5) / t), int(np.ceil(features.DECAYS * t)))
            for t in decay_days
        ]
        return [self.blurred(one, width) for one in maps for width in widths_km]

    def indicators(self, placed, days=20) -> list:
        """`features.indicators`, the maps as a list."""
        import tensorflow as tf

        age, _, cell = placed
        recent = tf.cast((age >= 1) & (age <= days), tf.int64)
        batch, cells = tf.shape(age, tf.int64)[0], int(np.prod(self.history.shape))
        ago = tf.cast(age, tf.int64) - 1
        index = ((tf.range(batch)[:, None] * days + ago) * cells + cell) * recent
        empty = tf.zeros([batch * days * cells], tf.float32)
        total = tf.tensor_scatter_nd_add(
            empty, tf.reshape(index, [-1, 1]), tf.reshape(tf.cast(recent, tf.float32), [-1])
        )
        (rows, columns), grid = self.history.margin, self.grid
        maps = tf.reshape(total, [-1, days, *self.history.shape])
        maps = maps[:, :, rows : rows + grid.rows, columns : columns + grid.columns]
        return tf.unstack(tf.cast(maps > 0, tf.float32), axis=1)


def _log1p(values):
    """log(1 + x), which is no operator of ONNX, to the last digit for small x too (Goldberg 1991, theorem 4)."""
    import tensorflow as tf

    more = 1.0 + values
    step = more - 1.0
    return tf.where(step == 0.0, values, tf.math.log(more) * (values / tf.where(step == 0.0, tf.ones_like(step), step)))


def _append_trees(proto, trees, offset: np.ndarray) -> None:
    """Put the trees behind `rows`, and `rate` = exp(offset + their sum) behind them."""
    from onnx import helper, numpy_helper

    (ensemble,) = trees.graph.node
    ensemble.input[0], ensemble.output[0] = "rows", "margin"
    (domain,) = (o for o in trees.opset_import if o.domain == "ai.onnx.ml")
    if all(o.domain != domain.domain for o in proto.opset_import):
        proto.opset_import.append(domain)
    graph = proto.graph
    graph.initializer.append(numpy_helper.from_array(np.array([-1, *offset.shape], np.int64), "map_shape"))
    graph.initializer.append(numpy_helper.from_array(offset.astype(np.float32), "offset"))
    graph.node.extend(
        [
            ensemble,
            helper.make_node("Reshape", ["margin", "map_shape"], ["margin_map"]),
            helper.make_node("Add", ["margin_map", "offset"], ["log_rate"]),
            helper.make_node("Exp", ["log_rate"], ["rate"]),
        ]
    )
    del graph.output[:]


def _append_probability(proto, model: BaselineForecaster) -> None:
    """`probability` behind `rate`, as `forecaster.probability_of`: 1 - exp(-rate), or by the recalibration."""
    from onnx import TensorProto, helper, numpy_helper

    line = model.card.settings.get("recalibration", {}).get("{}-{}".format(*model.window_days))
    graph = proto.graph

    def constant(name, value):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float64), name))
        return name

    # Doubles: of 1 - exp(-1e-6) a float32 keeps one digit.
    nodes = [helper.make_node("Cast", ["rate"], ["rate64"], to=TensorProto.DOUBLE)]
    expected = "rate64"
    if line is not None:
        nodes += [
            helper.make_node("Log", ["rate64"], ["log64"]),
            helper.make_node("Mul", ["log64", constant("recalibration_slope", line[1])], ["sloped"]),
            helper.make_node("Add", ["sloped", constant("recalibration_level", line[0])], ["levelled"]),
            helper.make_node("Exp", ["levelled"], ["recalibrated"]),
        ]
        expected = "recalibrated"
    nodes += [
        helper.make_node("Neg", [expected], ["negative"]),
        helper.make_node("Exp", ["negative"], ["survival"]),
        helper.make_node("Sub", [constant("one", 1.0), "survival"], ["probability64"]),
        helper.make_node("Cast", ["probability64"], ["probability"], to=TensorProto.FLOAT),
    ]
    graph.node.extend(nodes)
    del graph.output[:]
    shape = ["batch", *model.grid.shape]
    for name in ("rate", "probability"):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
