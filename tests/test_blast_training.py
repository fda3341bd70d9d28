"""Earthquake or blast: data by event, folds, votes, choices on validation, and the model that reads verticals."""

import pathlib

import foreshock
import numpy as np
import pytest
from foreshock.datasets.errors import InputError
from foreshock.datasets.record import Record
from foreshock.datasets.waveforms.verticals import verticals_from_stream
from foreshock.training.waveform.blast_card import before_p, noise_spectra
from foreshock.training.waveform.blast_data import FOLDS, BlastRecords, joined, simulated_region
from foreshock.training.waveform.blast_folds import fold_parts
from foreshock.training.waveform.blast_scores import event_vote, gains_of, scores_of
from foreshock.training.waveform.blast_systems import Answer, references, systems
from foreshock.training.waveform.blast_weights import balanced, held_parts, left_out
from foreshock.training.waveform.calibration import temperature_of
from foreshock.training.waveform.ensemble import log_loss_of, member_batches, vote
from obspy import Stream, Trace, UTCDateTime

DATA = pathlib.Path(__file__).parents[1].parent / "shared" / "data" / "waveforms"
NAME = "blast-ensemble-sim"


@pytest.fixture(scope="module")
def region():
    return simulated_region("A", 60, 1)


def logits_for(label, members, strength, seed):
    """Logits that know the label more or less: (n, members, 2)."""
    rng = np.random.default_rng(seed)
    signal = np.where(label == 1, 1.0, -1.0)[:, None] * np.asarray(strength)
    values = np.zeros((len(label), members, 2))
    values[..., 1] = signal + rng.standard_normal((len(label), members))
    return values


def test_splits_and_folds_are_by_event(region):
    events = [set(part.event) for part in region.values()]
    assert not events[0] & events[1]
    assert not events[0] & events[2]
    every = joined(list(region.values()))
    tested = np.zeros(len(every), int)
    for fold in range(FOLDS):
        parts = fold_parts(every, fold)
        known, test = parts
        assert not set(every.event[known]) & set(every.event[test])
        assert len(known) + len(test) == len(every)
        assert {0, 1} == set(every.label[test])
        tested[test] += 1
        few, again = fold_parts(every, fold, events=9)
        assert len(np.unique(every.event[few])) == 9
        assert set(few) <= set(known)
        np.testing.assert_array_equal(again, test)
    assert (tested == 1).all()


def test_some_events_hold_both_classes_and_are_the_number_asked_for(region):
    few = region["train"].some_events(8, seed=3, least=2)
    assert few.events == 8
    per_class = [len(np.unique(few.event[few.label == c])) for c in (0, 1)]
    assert min(per_class) >= 2
    again = region["train"].some_events(8, seed=3, least=2)
    np.testing.assert_array_equal(few.event, again.event)


def test_members_see_every_record_once_an_epoch_in_an_order_of_their_own(region):
    records = region["validation"]
    batches = member_batches(records, 16, [7, 8], groups=2, epoch=1)
    windows, labels = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(len(batches))), strict=True))
    assert windows.shape == (len(records), 2000, 2)
    assert labels.shape == (len(records), 4)
    np.testing.assert_array_equal(labels[:, :2], labels[:, 2:])
    for member in range(2):
        assert sorted(labels[:, member]) == sorted(records.label)
    assert not np.array_equal(windows[..., 0], windows[..., 1])
    plain = member_batches(records, 16, [7, 8])
    first, _ = plain[0]
    np.testing.assert_array_equal(first[..., 0], records.centred()[:16, :, 0])
    again, _ = member_batches(records, 16, [7, 8], groups=2, epoch=1)[0]
    np.testing.assert_array_equal(again, windows[:16])


def test_the_vote_is_the_mean_probability_and_its_temperature_the_best():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    logits = logits_for(label, 5, 1.0, 1) * 6
    temperature = temperature_of(logits, label)
    assert temperature != pytest.approx(1.0, abs=0.1)
    losses = [log_loss_of(vote(logits, t), label) for t in temperature * np.array([0.8, 1.0, 1.25])]
    assert losses[1] == min(losses)
    odds = np.exp(logits / temperature)
    expected = (odds[..., 1] / odds.sum(axis=-1)).mean(axis=1)
    np.testing.assert_allclose(vote(logits, temperature), expected)


def records_of(label):
    count = len(label)
    return BlastRecords(np.zeros((count, 1, 1)), label, np.arange(count).astype(str), np.full(count, "S"))


def test_the_best_single_member_is_chosen_on_validation_alone():
    rng = np.random.default_rng(0)
    held, asked = rng.integers(0, 2, 300), rng.integers(0, 2, 300)
    # The second member is good on validation and useless on the test; the choice must not know.
    validation = logits_for(held, 4, [0.1, 2.0, 0.1, 0.5], 1)
    test = logits_for(asked, 4, [0.1, 0.0, 0.1, 2.0], 2)
    found = systems(validation, records_of(held), test, even=False)
    expected = vote(test[:, [1]], temperature_of(validation[:, [1]], held))
    np.testing.assert_array_equal(found["spectrogram, best single"].vote, expected)
    assert set(found) == {
        "spectrogram, best single",
        "spectrogram, vote of 2",
        "waveform, best single",
        "waveform, vote of 2",
        "both, vote of 4",
    }


def test_members_are_calibrated_by_the_records_that_they_left_out():
    rng = np.random.default_rng(0)
    label, asked = rng.integers(0, 2, 400), rng.integers(0, 2, 50)
    held = np.arange(400) % 2
    honest = logits_for(label, 4, [0.5] * 4, 1)
    # What a member has learnt it knows by heart; that must not be heard.
    heart = 50.0 * np.stack([1 - 2 * label, 2 * label - 1], axis=-1)[:, None]
    mine = (np.arange(4) % 2 == held[:, None])[..., None]
    test = logits_for(asked, 4, [0.5] * 4, 2)
    found = systems(np.where(mine, honest, heart), records_of(label), test, held)
    temperature = temperature_of(honest[mine[..., 0]].reshape(400, 2, 2), label, balanced(label))
    np.testing.assert_allclose(found["both, vote of 4"].vote, vote(test, temperature))
    assert found["both, vote of 4"].share == label.mean()


def test_weights_balance_the_classes_and_leave_a_part_out_for_each_member():
    label = np.array([0] * 8 + [1] * 2 + [0] * 6)
    event = np.array([f"e{i // 2}" for i in range(16)])
    held = held_parts(event, label, 1, 5)
    assert len(set(held)) == 5
    assert all(len(set(held[event == name])) == 1 for name in set(event))
    train, validation = left_out(label, held, other=np.array([0, 1, 1]))
    assert train.shape == (19, 5)
    assert validation.shape == (16, 5)
    assert not ((train[:16] > 0) & (validation > 0)).any()
    assert ((train[:16] > 0) | (validation > 0)).all()
    assert (train[16:] > 0).all()
    np.testing.assert_allclose([train.mean(), validation.mean()], 1.0, rtol=1e-6)
    elsewhere = train[16:, 0]
    assert elsewhere[0] == pytest.approx(elsewhere[1:].sum())
    weight = balanced(label)
    assert weight[label == 0].sum() == pytest.approx(weight[label == 1].sum())


def test_scores_by_station_and_by_event_are_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, brier_score_loss, f1_score

    rng = np.random.default_rng(0)
    event = np.repeat([f"e{i}" for i in range(40)], 3)
    label = np.repeat(rng.integers(0, 2, 40), 3)
    probability = np.clip(0.5 + 0.25 * (2 * label - 1) + 0.3 * rng.standard_normal(120), 0, 1)
    found = scores_of(Answer(probability), label, event)
    voted, truth, _ = event_vote(probability, label, event)
    assert found["station accuracy"].value == pytest.approx(accuracy_score(label, probability >= 0.5))
    assert found["event accuracy"].value == pytest.approx(accuracy_score(truth, voted >= 0.5))
    assert found["event macro F1"].value == pytest.approx(f1_score(truth, voted >= 0.5, average="macro"))
    assert found["station Brier"].value == pytest.approx(brier_score_loss(label, probability))
    for interval in found.values():
        assert interval.low <= interval.high
    # Where blasts are known to be rare the odds fall, and the decisions stay.
    rare = scores_of(Answer(probability, share=0.2, event_share=0.25), label, event)
    odds = probability / np.maximum(1 - probability, 1e-12) * 0.25
    assert rare["station Brier"].value == pytest.approx(brier_score_loss(label, odds / (1 + odds)))
    assert rare["event macro F1"] == found["event macro F1"]
    gain = gains_of(Answer(probability), Answer(np.full(120, 0.1)), label, event)
    expected = accuracy_score(label, probability >= 0.5) - (1 - label.mean())
    assert gain["station accuracy"].value == pytest.approx(expected)
    assert gain["station accuracy"].low < expected < gain["station accuracy"].high


def test_the_forest_beats_the_shares_and_both_are_probabilities(region):
    known, test = joined([region["train"], region["validation"]]), region["test"]
    found = references(known, test, known)
    shares = found.pop("class shares of the training").vote
    for answer in found.values():
        assert log_loss_of(answer.vote, test.label) < log_loss_of(shares, test.label)
        assert ((answer.vote >= 0) & (answer.vote <= 1)).all()
    assert len(np.unique(shares)) == 1


def test_the_control_before_p_is_clear_where_noise_is_alike_and_convicts_where_it_is_not(region):
    every = joined(list(region.values()))

    assert before_p(every).verdict == "clear"
    marked = every.waveform.copy()
    hum = np.sin(2 * np.pi * 6.0 * np.arange(marked.shape[1]) / 50.0).astype(np.float32)
    marked[every.label == 1, :, 0] += 30 * marked[every.label == 1, :200, 0].std(axis=1, keepdims=True) * hum
    leaking = BlastRecords(marked, every.label, every.event, every.station)
    assert before_p(leaking).verdict == "suspicious"
    assert noise_spectra(every.centred()[:, :, 0]).shape == (len(every), 9)


def stream_of(rate=100.0, channels="ENZ", seconds=120.0, seed=0, start="2020-03-01T12:00:00", station="ABC"):
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    traces = []
    for channel in channels:
        data = rng.standard_normal(count) * 10
        data[int(40 * rate) : int(52 * rate)] += 400 * rng.standard_normal(int(12 * rate))
        header = {"network": "XX", "station": station, "channel": f"HH{channel}", "sampling_rate": rate}
        traces.append(Trace(np.round(data).astype(np.int32), {**header, "starttime": UTCDateTime(start)}))
    return Stream(traces)


def test_verticals_are_read_alone_split_at_gaps_and_named_where_missing():
    reading = verticals_from_stream(stream_of())
    assert [record.name for record in reading.records] == ["XX.ABC..HH"]
    assert not reading.records[0].data[:2].any()
    only = stream_of(channels="Z")
    start = only[0].stats.starttime
    parts = Stream([only[0].slice(start, start + 50), only[0].slice(start + 60, start + 119)])
    assert [round(r.duration_s) for r in verticals_from_stream(parts).records] == [50, 59]
    none = verticals_from_stream(stream_of(channels="EN"))
    assert not none.records
    assert all("vertical" in reason for _, reason in none.rejected)


def test_the_answer_comes_from_the_vertical_alone_and_knows_neither_hour_nor_place():
    model = foreshock.load(NAME)
    with_all = model.predict(stream_of(), picks=40.0)
    alone = model.predict(stream_of()[2:], picks=40.0)
    later = model.predict(stream_of(start="2021-09-09T02:34:56", station="FAR"), picks=40.0)
    assert with_all.rows[0].probability == alone.rows[0].probability == later.rows[0].probability
    record = Record(np.stack([t.data for t in stream_of()]), 100.0, "2020-03-01T12:00:00", p_s=40.0)
    assert model.predict(record).rows[0].probability == pytest.approx(alone.rows[0].probability, abs=1e-6)


def test_slow_channels_are_refused_and_forty_hertz_is_in_doubt():
    model = foreshock.load(NAME)
    slow = model.predict(stream_of(rate=20.0, channels="Z"), picks=40.0)
    assert not slow.rows
    assert "25 Hz" in slow.rejected[0][1]
    forty = model.predict(stream_of(rate=40.0, channels="Z"), picks=40.0)
    assert "recorded at 40 Hz" in forty.rows[0].doubt


def test_records_of_one_event_vote_together_whatever_file_they_are_from(tmp_path):
    table = tmp_path / "events.csv"
    table.write_text(
        "event_id,event_type,time,latitude,longitude,depth,magnitude,magnitude_type\n"
        "ev1,earthquake,2020-03-01T12:00:36Z,45,-122,5,2,ml\n"
    )
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"ev1_{number}.mseed")
        stream_of(channels="Z", seed=number, station=f"S{number}").write(str(paths[-1]), format="MSEED")
    found = foreshock.load(NAME).predict(paths, events=table)
    votes = found.votes()
    assert [vote["event"] for vote in votes] == ["ev1"]
    assert votes[0]["records"] == 2
    assert {row.pick for row in found.rows} == {"picker"}


def test_continuous_verticals_are_annotated():
    annotation = foreshock.load(NAME).annotate(stream_of(channels="Z"), every_s=5.0)
    assert len(annotation.courses) == 1
    assert annotation.courses[0].probability.shape == (17, 2)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real data folder ../shared/data")
def test_the_real_collection_gives_nine_tenths_of_its_events_and_names_the_rest():
    from foreshock.training.waveform.blast_data import pacific_northwest

    records = pacific_northwest(DATA)
    assert records.events >= 85
    assert len(records) + len(records.left_out) > 1000
    assert records.waveform.shape[1:] == (2050, 1)
    assert all(reason for _, reason in records.left_out)


def test_an_unknown_region_is_refused():
    with pytest.raises(InputError, match="A, B, C"):
        simulated_region("D", 60, 1)
