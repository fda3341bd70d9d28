"""The waveform speed rows: their form, and that the loop they are measured against gives the same numbers."""

import numpy as np
from foreshock.benchmarks.speed.waveforms import feature_loop, run
from foreshock.datasets.waveforms.features import channel_features


def test_the_loop_gives_the_features():
    data = np.random.default_rng(3).normal(size=(4, 3, 900))
    np.testing.assert_allclose(feature_loop(data, 50.0), channel_features(data, 50.0).reshape(4, -1), rtol=1e-6)


def test_rows_have_one_form_and_the_features_are_fast():
    rows = run(quick=True, network=False)
    assert {tuple(row) for row in rows} == {("what", "value", "unit", "beside", "ratio", "aim", "met")}
    assert len(rows) == 6 and all(row["value"] > 0 for row in rows)
    # The aim is 20 at rest; a busy machine gets half.
    assert rows[0]["ratio"] > 10
