"""Every catalogue format on small files with values known by hand, and every kind of bad input."""
# ruff: noqa: E501 (the formats' own lines are long)

import gzip
import pathlib
import time

import numpy as np
import pytest
from foreshock.datasets.catalog import Catalog
from foreshock.datasets.errors import InputError
from foreshock.datasets.readers import quakeml
from foreshock.datasets.readers.reading import FORMATS, REPLACED, SAME_ROW, read_catalog

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data" / "catalogs"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data folder ../shared/data")

COMCAT_FULL = """time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,horizontalError
2016-10-30T06:40:17.320Z,42.8621,13.0961,8,6.6,mww,,22,.25,.83,us,us1000731j,2022-05-03,"7 km N of Norcia, Italy",earthquake,1.9
2018-02-13T23:04:46.080Z,48.089,-121.914,-0.93,1.8,ml,9,60,.1,.2,uw,uw61348817,2019,"Sultan, Washington",explosion,.3
"""
NCEDC = """DateTime,Latitude,Longitude,Depth,Magnitude,MagType,NbStations,Gap,Distance,RMS,Source,EventID
1984/01/01 01:19:11.31,36.08781,-120.22869,10.897,1.75,Md,0,0,0,0.00,NCSN,1109386
1984/04/24 21:15:60.00,37.30967,-121.67859,8.196,6.20,ML,0,0,0,0.00,NCSN,17204
"""
SCEDC = """###############################################################################
# The following is an SCEDC-format listing of catalog data                    #
###############################################################################
#YYY/MM/DD HH:mm:SS.ss ET GT MAG  M    LAT     LON     DEPTH Q  EVID     NPH NGRM
1932/01/01 23:52:07.87 eq  l 0.00 n    34.130 -117.993   6.0 D  3358386    7    0
1933/03/11 01:54:60.00 eq  l 6.40 w    33.631 -117.999   6.0 A  3361001   55    0
1979/08/30 19:02:34.97 qb  l 1.70 h    35.045 -117.692  -0.9 C  3313100   16  107
1982/02/04 20:12:01.00 qb  l 1.30 n    34.330 -116.950  -1.6 C   105447    7   10

### Number of rows returned:4
"""


def jma(kind="J", time="201103111446181200", place=" 380621", east=" 1425166", depth=" 2374", magnitude="90", code="1"):
    """One record of 96 columns, as the Seismological Bulletin of Japan describes it."""
    record = f"{kind}{time[:16]}0021{place}0025{east}0047{depth}   {magnitude}W84J51{code}7E4200FAR E OFF MIYAGI PREF"
    return record.ljust(95) + "K"


FDSN = """#EventID | Time | Latitude | Longitude | Depth/km | Author | Catalog | Contributor | ContributorID | MagType | Magnitude | MagAuthor | EventLocationName | EventType
8863681|2016-10-30T06:40:17.320000|42.8302|13.1092|10.0|BULLETIN-INGV||||Mw|6.5|--|2 km E "Norcia|earthquake
8863682|2016-10-30T06:45:00|42.80|13.10||BULLETIN-INGV||||ML||--|no size|earthquake
"""
ISC = """DATA_TYPE EVENT_CATALOGUE
ISC Bulletin
--EVENT--|--------------------ORIGIN (PRIME HYPOCENTRE)-------------------|------MAGNITUDES-----
  EVENTID,TYPE,AUTHOR   ,DATE      ,TIME       ,LAT     ,LON      ,DEPTH,DEPFIX,AUTHOR   ,TYPE  ,MAG
 16461282, ke,ISC      ,2011-03-11,05:46:23.00, 38.2963, 142.4980, 19.7,      ,ISC      ,mb    ,7.2 ,NEIC     ,MS    ,8.9 ,GCMT     ,MW    ,9.1
 16461283, km,ISC      ,2011-03-11,06:00:00.00, 50.1000,  20.0000,  0.0,TRUE  ,WAR      ,ML    ,2.1
 16461284, se,ISC      ,2011-03-11,06:10:00.00, 50.2000,  20.5000,     ,      ,WAR      ,ML    ,2.2 ,ISC      ,mb    ,3.4

STOP
"""
ISC_GEM = """# ISC-GEM Global Instrumental Earthquake Catalogue
#       date         ,   lat  ,    lon  , smajax, sminax, strike, q, depth, unc, q, mw  , unc, q, s, mo, fac, mo_auth, mpp, mpr, mrr, mrt, mtp, mtt, eventid
1904-04-04 10:02:34.56,  41.802,   23.108,   8.6 ,  6.6  , 164.2 , B, 15.0 , 4.8 , C, 7.02, 0.40, C, p, , , , , , , , , , 610326271
1906-04-18 13:12:26.00,  37.670, -122.565,  10.0 ,  9.0  ,  10.0 , B, 10.0 , 4.8 , C, 7.74, 0.20, B, p, , , , , , , , , , 16957905
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="events.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def rows(*lines, header="time,latitude,longitude,depth,mag,type,id"):
    return "\n".join([header, *lines, ""])


def test_comcat_full(write):
    reading = read_catalog(write(COMCAT_FULL))
    c = reading.catalog
    assert reading.files[0].format == "comcat"
    assert c.time.astype(str).tolist() == ["2016-10-30T06:40:17.320000", "2018-02-13T23:04:46.080000"]
    assert c.latitude.tolist() == [42.8621, 48.089]
    assert c.depth_km.tolist() == [8.0, -0.93]  # Above sea level is kept.
    assert c.kind.tolist() == ["earthquake", "explosion"]
    assert c.event_id.tolist() == ["us1000731j", "uw61348817"]
    assert reading.rejected_rows == 0


def test_comcat_short_with_empty_depth(write):
    text = "time,latitude,longitude,depth,mag,type\n1990-01-01T09:03:12.880Z,36.417,140.568,,4.8,earthquake\n"
    c = read_catalog(write(text)).catalog
    assert np.isnan(c.depth_km).all()
    assert c.magnitude.tolist() == [4.8]


def test_ncedc_with_sixty_seconds(write):
    reading = read_catalog(write(NCEDC))
    assert reading.files[0].format == "ncedc_dd"
    assert reading.catalog.time.astype(str).tolist() == ["1984-01-01T01:19:11.310000", "1984-04-24T21:16:00.000000"]
    assert reading.catalog.event_id.tolist() == ["1109386", "17204"]
    assert reading.notes == {"times with 60 seconds carried to the next minute": 1}


def test_scedc(write):
    reading = read_catalog(write(SCEDC))
    c = reading.catalog
    assert reading.files[0].format == "scedc"
    assert c.time.astype(str).tolist() == [
        "1933-03-11T01:55:00.000000",
        "1979-08-30T19:02:34.970000",
        "1982-02-04T20:12:01.000000",
    ]
    assert c.latitude.tolist() == [33.631, 35.045, 34.33]
    assert c.longitude.tolist() == [-117.999, -117.692, -116.95]
    assert c.depth_km.tolist() == [6.0, -0.9, -1.6]
    assert c.magnitude.tolist() == [6.4, 1.7, 1.3]
    assert c.kind.tolist() == ["earthquake", "quarry blast", "quarry blast"]
    assert c.event_id.tolist() == ["3361001", "3313100", "105447"]
    assert reading.counts == {"no magnitude": 1}
    assert (reading.rejected[0].line, reading.rejected[0].file) == (5, "events.csv")
    assert reading.notes["magnitudes without a type kept"] == 1


def test_jma_hypocentres(write):
    lines = [
        jma(),
        jma(kind="U", time="2011031114462300", place=" 382970", east=" 1425000", magnitude="91"),  # The same event.
        jma(time="200001010000  00", place="-  3000", east="- 711530", depth=" 30  ", magnitude="A3", code="5"),
        jma(time="2000010200005900", magnitude="-2", code="3", depth="     "),
        jma(time="2000010300005900", magnitude="  "),
        jma(time="2000010300015900", magnitude="?1"),
    ]
    reading = read_catalog(write("\n".join(lines), "h2011"))
    c = reading.catalog
    assert reading.files[0].format == "jma"
    # 9 hours earlier than Japan Standard Time; minutes are sixtieths of a degree.
    assert c.time.astype(str).tolist() == [
        "1999-12-31T15:00:00.000000",
        "2000-01-01T15:00:59.000000",
        "2011-03-11T05:46:18.120000",
    ]
    assert c.latitude[2] == pytest.approx(38 + 6.21 / 60)
    assert c.longitude[2] == pytest.approx(142 + 51.66 / 60)
    assert (c.latitude[0], c.longitude[0]) == (pytest.approx(-0.5), pytest.approx(-71.255))
    assert c.depth_km[[0, 2]].tolist() == [30.0, 23.74]
    assert np.isnan(c.depth_km[1])
    assert c.magnitude.tolist() == [-1.3, -0.2, 9.0]
    assert c.kind.tolist() == ["earthquake", "anthropogenic event", "earthquake"]
    assert {row.reason: row.line for row in reading.rejected} == {
        "another solution of the event above": 2,
        "no magnitude": 5,
        "magnitude is not a number": 6,
    }


def test_jma_arrival_file_keeps_the_first_solution(write):
    end = "E".ljust(96)
    arrival = "_ABCDEF".ljust(96)
    text = "\n".join([jma(), jma(kind="I", magnitude="89"), arrival, end, jma(time="2011031115152100"), arrival, end])
    reading = read_catalog(write(text, "d2011"))
    assert reading.catalog.magnitude.tolist() == [9.0, 9.0]
    assert reading.counts == {"another solution of the event above": 1}


def test_fdsn_text(write):
    reading = read_catalog(write(FDSN, "query.txt"))
    c = reading.catalog
    assert reading.files[0].format == "fdsn_text"
    assert (str(c.time[0]), c.magnitude[0], c.event_id[0]) == ("2016-10-30T06:40:17.320000", 6.5, "8863681")
    assert reading.counts == {"no magnitude": 1}


def test_isc_takes_the_moment_magnitude(write):
    reading = read_catalog(write(ISC))
    c = reading.catalog
    assert reading.files[0].format == "isc_gem"
    assert c.magnitude.tolist() == [9.1, 2.1, 3.4]
    assert c.kind.tolist() == ["earthquake", "mining explosion", "earthquake"]
    assert c.event_id.tolist() == ["16461282", "16461283", "16461284"]
    assert np.isnan(c.depth_km[2])
    assert reading.rejected_rows == 0


def test_isc_gem(write):
    reading = read_catalog(write(ISC_GEM))
    c = reading.catalog
    assert reading.files[0].format == "isc_gem"
    assert c.time.astype(str).tolist() == ["1904-04-04T10:02:34.560000", "1906-04-18T13:12:26.000000"]
    assert (c.magnitude.tolist(), c.depth_km.tolist()) == ([7.02, 7.74], [15.0, 10.0])
    assert c.event_id.tolist() == ["610326271", "16957905"]


@pytest.fixture
def catalog():
    return Catalog(
        ["2016-08-24T01:36:32.125", "2016-10-30T06:40:17"],
        [42.7, 42.84],
        [13.23, 13.11],
        [np.nan, 9.0],
        [6.0, 6.5],
        ["quarry blast", "earthquake"],
        ["a", "b"],
    )


def test_own_files_return_the_catalogue(catalog, tmp_path):
    catalog.to_csv(tmp_path / "own.csv")
    catalog.to_parquet(tmp_path / "own.parquet")
    for name in ("own.csv", "own.parquet"):
        reading = read_catalog(tmp_path / name)
        assert (reading.files[0].format, reading.catalog) == ("own", catalog)


def test_parquet_with_a_bad_row_and_without_a_column(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        "time": pa.array([0, None, 2_000_000], pa.timestamp("us", tz="UTC")),
        "latitude": [1.0, 2.0, 3.0],
        "longitude": [1.0, 2.0, 190.0],
        "depth_km": pa.array([None, 5.0, 5.0], pa.float64()),
        "magnitude": [4.0, 4.0, 5.0],
    }
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    reading = read_catalog(tmp_path / "a.parquet")
    assert (len(reading.catalog), reading.counts) == (2, {"no time": 1})
    assert reading.catalog.longitude.tolist() == [1.0, -170.0]
    parquet.write_table(pa.table({k: v for k, v in columns.items() if k != "magnitude"}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="add magnitude"):
        read_catalog(tmp_path / "b.parquet")


def test_quakeml_takes_the_preferred_solution_and_names_what_lacks_one(tmp_path):
    from obspy import UTCDateTime
    from obspy.core import event as ev

    first = ev.Origin(time=UTCDateTime("2016-10-30T06:40:17"), latitude=42.0, longitude=13.0, depth=5000.0)
    best = ev.Origin(time=UTCDateTime("2016-10-30T06:40:18.25"), latitude=42.83, longitude=13.11, depth=9200.0)
    small, large = ev.Magnitude(mag=6.1), ev.Magnitude(mag=6.5)
    good = ev.Event(
        resource_id=ev.ResourceIdentifier("smi:local/norcia"), origins=[first, best], magnitudes=[small, large]
    )
    good.preferred_origin_id, good.preferred_magnitude_id = best.resource_id, large.resource_id
    good.event_type = "quarry blast"
    no_size = ev.Event(origins=[first.copy()])
    path = tmp_path / "events.xml"
    ev.Catalog([good, no_size]).write(str(path), "QUAKEML")
    reading = read_catalog(path)
    c = reading.catalog
    assert reading.files[0].format == "quakeml"
    assert (str(c.time[0]), c.latitude[0], c.depth_km[0]) == ("2016-10-30T06:40:18.250000", 42.83, 9.2)
    assert (c.magnitude[0], c.kind[0], c.event_id[0]) == (6.5, "quarry blast", "smi:local/norcia")
    assert [(row.line, row.reason) for row in reading.rejected] == [(2, "no magnitude")]
    assert quakeml.from_obspy(ev.Catalog([good])) == c
    with pytest.raises(InputError, match="obspy catalog:2: no magnitude"):
        quakeml.from_obspy(ev.Catalog([good, no_size]))


def test_quakeml_that_ends_too_early(catalog, write, tmp_path):
    catalog.to_obspy().write(str(tmp_path / "whole.xml"), "QUAKEML")
    half = (tmp_path / "whole.xml").read_bytes()[:900]
    with pytest.raises(InputError, match="check that the file is whole"):
        read_catalog(write(half, "half.xml"))


def test_columns_with_semicolons_decimal_commas_and_a_mark(write):
    text = "\ufefforigin;lat;lon;dep;size;what\n2011-03-11 14:46:18,12;38,1035;142,861;23,7;9,0;eq\n"
    names = {
        "time": "origin",
        "latitude": "lat",
        "longitude": "lon",
        "depth": "dep",
        "magnitude": "size",
        "kind": "what",
    }
    c = read_catalog(write(text), columns=names, timezone="Asia/Tokyo").catalog
    assert str(c.time[0]) == "2011-03-11T05:46:18.120000"
    assert (c.latitude[0], c.longitude[0], c.depth_km[0], c.magnitude[0]) == (38.1035, 142.861, 23.7, 9.0)
    assert c.kind.tolist() == ["earthquake"]


MAP = {"time": "t", "latitude": "lat", "longitude": "lon", "magnitude": "m"}


def test_columns_refuse_a_time_without_a_zone(write):
    path = write("t,lat,lon,m\n2020-07-01 12:00:00,40,10,3\n")
    with pytest.raises(InputError, match='give timezone="UTC"'):
        read_catalog(path, columns=MAP)
    assert str(read_catalog(path, columns=MAP, timezone="Europe/Rome").catalog.time[0]) == "2020-07-01T10:00:00.000000"


@pytest.mark.parametrize(
    ("zone", "clock", "utc"),
    [
        ("Europe/Rome", "2016-10-30 02:30:00", "2016-10-30T01:30"),  # Twice: 00:30 and 01:30 UTC.
        ("America/New_York", "2016-11-06 01:30:00", "2016-11-06T06:30"),  # Twice: 05:30 and 06:30 UTC.
        ("Europe/Rome", "2016-03-27 02:30:00", "2016-03-27T01:30"),  # Never: winter's offset is taken.
    ],
)
def test_clock_times_in_doubt_are_counted(write, zone, clock, utc):
    reading = read_catalog(write(f"t,lat,lon,m\n{clock},40,10,3\n"), columns=MAP, timezone=zone)
    assert reading.catalog.time[0] == np.datetime64(utc)
    assert reading.notes == {"clock times that occur twice or never when the clocks change": 1}


def test_a_bare_date_is_midnight_and_counted(write):
    reading = read_catalog(write("time,latitude,longitude,mag\n1755-11-01,36,-11,8.5\n"))
    assert str(reading.catalog.time[0]) == "1755-11-01T00:00:00.000000"
    assert reading.notes == {"dates without a time of day taken as midnight": 1}


def test_columns_take_the_zone_of_each_time(write):
    text = "t\tlat\tlon\tm\n2020-07-01T12:00:00+09:00\t40\t10\t3\n2020-07-01T12:00:00.5Z\t40\t10\t3\n"
    text += "2020-07-01T12:00:00-0330\t40\t10\t3\n"
    time = read_catalog(write(text), columns=MAP, timezone="Asia/Tokyo").catalog.time.astype(str).tolist()
    assert time == ["2020-07-01T03:00:00.000000", "2020-07-01T12:00:00.500000", "2020-07-01T15:30:00.000000"]


def test_columns_from_year_to_second_between_blanks(write):
    text = " 1992  6 28 11 57 34.1   34.2  -116.44   1.1 7.3\n 1992 13 28 11 57 34.1   34.2  -116.44   1.1 7.3\n"
    where = {"time": [0, 1, 2, 3, 4, 5], "latitude": 6, "longitude": 7, "depth": 8, "magnitude": 9}
    reading = read_catalog(write(text), columns=where, timezone="UTC")
    assert reading.catalog.time.astype(str).tolist() == ["1992-06-28T11:57:34.100000"]
    assert reading.catalog.depth_km.tolist() == [1.1]
    assert (reading.rejected[0].line, reading.rejected[0].reason) == (2, "time not understood")


def test_columns_from_date_and_time_of_day(write):
    text = "date,clock,lat,lon,m\n2020/7/1,9:05,40,10,3\n"
    c = read_catalog(write(text), columns={**MAP, "time": ["date", "clock"]}, timezone="UTC").catalog
    assert str(c.time[0]) == "2020-07-01T09:05:00.000000"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": "t"}, "mend latitude, longitude, magnitude"),
        ({**MAP, "size": "m"}, "mend size"),
        ({**MAP, "magnitude": "mw"}, "mend the map for mw"),
    ],
)
def test_columns_say_what_is_wrong_with_the_map(write, columns, message):
    with pytest.raises(InputError, match=message):
        read_catalog(write("t,lat,lon,m\n2020-07-01T12:00:00Z,40,10,3\n"), columns=columns)


def test_bad_rows_are_named_counted_and_left_out(write):
    text = rows(
        "2020-01-01T00:00:00Z,10,20,5,4.0,earthquake,a",
        "yesterday,10,20,5,4.0,earthquake,b",
        ",10,20,5,4.0,earthquake,c",
        "2020-01-01T00:00:00Z,91,20,5,4.0,earthquake,d",
        "2020-01-01T00:00:00Z,north,20,5,4.0,earthquake,e",
        "2020-01-01T00:00:00Z,10,361,5,4.0,earthquake,f",
        "2020-01-01T00:00:00Z,10,20,5,-9.99,earthquake,g",
        "2020-01-01T00:00:00Z,10,20,5,NaN,earthquake,h",
        "2020-01-01T00:00:00Z,10,20,5,,earthquake,i",
        "2020-01-01T00:00:00Z,10,20,5,11,earthquake,j",
        "2020-01-01T00:00:00Z,10,20,-12,4.0,earthquake,k",
        "2020-01-01T00:00:00Z,10,20",
        '2020-01-01T00:00:00Z,10,20,5,4.0,"earthquake,l',
        "2020-02-30T00:00:00Z,10,20,5,4.0,earthquake,m",
        "",
        "2020-01-01T25:00:00Z,10,20,5,4.0,earthquake,n",
        "2020-01-02T00:00:00Z,10,20,5,4.5,earthquake,o",
    )
    reading = read_catalog(write(text))
    assert reading.catalog.event_id.tolist() == ["a", "o"]
    assert reading.counts == {
        "time not understood": 3,
        "no time": 1,
        "latitude outside -90 to 90": 1,
        "latitude is not a number": 1,
        "longitude outside -180 to 180": 1,
        "no magnitude": 3,
        "magnitude outside -5 to 10": 1,
        "depth outside -10 to 1000 km": 1,
        "not 7 fields": 1,
        "a quote without its end": 1,
    }
    named = {row.line: row.why for row in reading.rejected}
    assert sorted(named) == [*range(3, 16), 17]
    assert named[3] == "time not understood: 'yesterday'"
    assert named[6] == "latitude is not a number: 'north'"
    assert named[17] == "time not understood: '2020-01-01T25:00:00Z'"
    assert reading.files[0].rows == 16
    assert "14 rows rejected" in reading.summary
    assert reading.to_dict()["rejected_named"][0]["file"] == "events.csv"


def test_strict_stops_at_the_first_bad_row(write):
    text = rows("2020-01-01T00:00:00Z,10,20,5,,earthquake,a", "never,10,20,5,4,earthquake,b")
    good = rows("2020-01-01T00:00:00Z,10,20,5,1,earthquake,a")
    with pytest.raises(InputError, match=r"events\.csv:2: no magnitude"):
        read_catalog(write(text), strict=True)
    assert len(read_catalog(write(good), strict=True).catalog) == 1


def test_named_rows_are_capped_and_counts_are_not(write):
    lines = [f"2020-01-01T00:00:00Z,10,20,5,,earthquake,{i}" for i in range(500)]
    reading = read_catalog(write(rows("2020-01-01T00:00:00Z,1,2,3,4,,z", *lines)))
    assert (reading.counts["no magnitude"], len(reading.rejected)) == (500, 20)


def test_longitudes_to_360_unknown_depths_and_old_times_are_kept(write):
    text = rows(
        "1868-08-13T21:30:00,-18.5,289.65,-999,8.5,earthquake,arica",
        "0365-07-21T00:00:00Z,35.2,23.4,9999,8.3,earthquake,crete",
        "2020-01-01T00:00:00Z,10,180,-3.2,4.0,earthquake,c",
    )
    reading = read_catalog(write(text))
    c = reading.catalog
    assert c.event_id.tolist() == ["crete", "arica", "c"]
    assert c.longitude.tolist() == [23.4, -70.35, 180.0]
    assert np.isnan(c.depth_km).tolist() == [True, True, False]
    assert reading.notes["longitudes of 180 to 360 brought to -180 to 180"] == 1
    assert reading.notes["depths that mean unknown made empty"] == 2


def test_kinds_come_in_the_words_of_quakeml(write):
    kinds = ["Quarry Blast", "mine_collapse", "", "balloon", "ice quake"]
    text = rows(*(f"2020-01-0{i + 1}T00:00:00Z,10,20,5,4,{kind},{i}" for i, kind in enumerate(kinds)))
    reading = read_catalog(write(text))
    assert reading.catalog.kind.tolist() == ["quarry blast", "mine collapse", "earthquake", "other event", "ice quake"]
    assert reading.notes["events of the unknown type 'balloon', kept as 'other event'"] == 1
    assert reading.notes["events without a type, taken as earthquakes"] == 1


def test_of_one_id_the_last_solution_stays(write, tmp_path):
    write(rows("2020-01-01T00:00:00Z,10,20,5,4.0,earthquake,a", "2020-01-01T05:00:00Z,1,2,3,4,earthquake,b"), "1.csv")
    write(
        rows(
            "2020-01-01T00:00:01Z,10.1,20,5,4.2,earthquake,a",
            "2020-01-01T05:00:00Z,1,2,3,4,earthquake,b",
            "2020-06-01T05:00:00Z,1,2,3,4,earthquake,b",
        ),
        "2.csv",
    )
    reading = read_catalog(tmp_path, strict=True)
    assert reading.catalog.magnitude.tolist() == [4.2, 4.0, 4.0]
    assert reading.counts == {SAME_ROW: 1, REPLACED: 1}
    assert [(row.file, row.line, row.received) for row in reading.rejected] == [("1.csv", 3, "b"), ("1.csv", 2, "a")]
    assert reading.notes == {"ids that name events more than an hour apart, all kept": 1}


def test_equal_rows_without_id_are_kept_once(write):
    line = "2020-01-01T00:00:00Z,10,20,,4.0,earthquake"
    other = "2020-01-01T00:00:00Z,10,20,,4.1,earthquake"
    reading = read_catalog(write(rows(line, other, line, line, header="time,latitude,longitude,depth,mag,type")))
    assert sorted(reading.catalog.magnitude) == [4.0, 4.1]
    assert reading.counts == {SAME_ROW: 2}


def test_folder_glob_list_and_gzip_are_one_catalogue(tmp_path):
    (tmp_path / "README.md").write_text("# How these files came here\n")
    (tmp_path / "1984.txt").write_text(NCEDC)
    (tmp_path / "1979.catalog.gz").write_bytes(gzip.compress(SCEDC.encode()))
    (tmp_path / "2016.csv").write_bytes(b"\xef\xbb\xbf" + COMCAT_FULL.replace("\n", "\r\n").encode())
    folder = read_catalog(tmp_path)
    assert [file.format for file in folder.files] == ["scedc", "ncedc_dd", "comcat"]
    assert len(folder.catalog) == 7
    assert folder.notes["README.md passed over, no catalogue format"] == 1
    assert read_catalog(str(tmp_path / "[12]*")).catalog == folder.catalog
    assert read_catalog([tmp_path / "2016.csv", tmp_path / "19*"]).catalog == folder.catalog
    with pytest.raises(InputError, match="beginning with '# How these files"):
        read_catalog(tmp_path / "README.md")


def test_utf16_and_latin1_are_read(write):
    text = COMCAT_FULL.replace("Norcia", "Città")
    assert len(read_catalog(write(text.encode("utf-16"))).catalog) == 2
    assert len(read_catalog(write(text.encode("latin-1"))).catalog) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "which is empty"),
        (b" \n\n", "which is empty"),
        (b"name,colour\nx,red\n", "beginning with 'name,colour'"),
        (b"PK\x03\x04rest", "unpack it"),
        (b"\x1f\x8bnot gzip", "check that it is whole"),
        (b"time,latitude,longitude,depth,mag\n", "no rows after the header"),
        (b"time,latitude,longitude,depth,mag\nnever,1,2,3,4\n", "time not understood: 'never'"),
        (b"PAR1 but no more", "check that the file is whole"),
    ],
)
def test_files_that_hold_no_event_raise(write, content, message):
    with pytest.raises(InputError, match=message):
        read_catalog(write(content))


def test_sources_that_do_not_exist_raise(tmp_path):
    for source, message in [
        (tmp_path / "none.csv", "check the path"),
        (tmp_path, "without any file"),
        ([], "empty list"),
        (str(tmp_path / "*.csv"), "check the path"),
    ]:
        with pytest.raises(InputError, match=message):
            read_catalog(source)


def test_a_year_without_events_among_others_is_no_error(tmp_path):
    (tmp_path / "1984.txt").write_text(NCEDC)
    (tmp_path / "1985.txt").write_text(NCEDC.splitlines()[0] + "\n")
    assert [file.events for file in read_catalog(tmp_path).files] == [2, 0]


def test_format_and_timezone_are_checked(write):
    with pytest.raises(InputError, match="a catalogue format of quakeml"):
        read_catalog(write(SCEDC), format="sc")
    with pytest.raises(InputError, match="leave it out"):
        read_catalog(write(SCEDC), timezone="Asia/Tokyo")
    with pytest.raises(InputError, match="IANA"):
        read_catalog(write(NCEDC), timezone="Japan Standard")
    local = read_catalog(write(NCEDC), timezone="America/Los_Angeles").catalog
    assert str(local.time[0]) == "1984-01-01T09:19:11.310000"


def test_a_day_of_fifty_thousand_events(write):
    n = 50_000
    second = np.arange(n) * 86_400 / n
    stamps = (np.datetime64("2011-03-11", "ms") + (second * 1000).astype("timedelta64[ms]")).astype(str)
    lines = [
        f"{stamp}Z,38.{i % 97:02},142.5,{i % 60},{1 + i % 30 / 10:.1f},earthquake,j{i}"
        for i, stamp in enumerate(stamps)
    ]
    path = write(rows(*lines))
    began = time.process_time()
    reading = read_catalog(path)
    assert time.process_time() - began < 5.0
    assert (len(reading.catalog), reading.rejected_rows) == (n, 0)
    assert reading.catalog.event_id[-1] == "j49999"


def test_each_format_is_recognised_by_one_reader_alone(tmp_path, catalog):
    from importlib import import_module

    catalog.to_csv(tmp_path / "own.csv")
    catalog.to_obspy().write(str(tmp_path / "q.xml"), "QUAKEML")
    heads = {
        "comcat": COMCAT_FULL.encode(),
        "ncedc_dd": NCEDC.encode(),
        "scedc": SCEDC.encode(),
        "jma": jma().encode(),
        "fdsn_text": FDSN.encode(),
        "isc_gem": ISC_GEM.encode(),
        "own": (tmp_path / "own.csv").read_bytes(),
        "quakeml": (tmp_path / "q.xml").read_bytes(),
    }
    assert set(heads) == set(FORMATS)
    readers = {name: import_module(f"foreshock.datasets.readers.{name}") for name in FORMATS}
    for name, head in heads.items():
        assert [other for other in FORMATS if readers[other].recognises(head)] == [name]


@needs_data
def test_northern_california_whole():
    began = time.process_time()
    reading = read_catalog(SHARED / "norcal")
    seconds = time.process_time() - began
    assert (len(reading.catalog), reading.rejected_rows, len(reading.files)) == (696_772, 0, 36)
    assert seconds < 5.0
    # The first and the last line of the first file, as they stand there.
    c = reading.catalog
    assert (str(c.time[0]), c.latitude[0], c.longitude[0]) == ("1984-01-01T01:19:11.310000", 36.08781, -120.22869)
    assert (c.depth_km[0], c.magnitude[0], c.event_id[0]) == (10.897, 1.75, "1109386")


@needs_data
def test_southern_california_agrees_with_a_plain_loop():
    reading = read_catalog(SHARED / "socal" / "1976.catalog")
    expected = []
    for line in (SHARED / "socal" / "1976.catalog").read_text().splitlines():
        if line and line[0] != "#":
            if float(line[29:33]) == 0.0 and line[34:36].strip() in ("n", "un"):
                continue
            expected.append((float(line[38:45]), float(line[46:54]), float(line[55:60]), float(line[29:33])))
    c = reading.catalog
    found = sorted(zip(c.latitude, c.longitude, c.depth_km, c.magnitude, strict=True))
    assert found == sorted(expected)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_accounted_for_row_by_row_or_refused(tmp_path, catalog, seed):
    catalog.to_csv(tmp_path / "own.csv")
    catalog.to_parquet(tmp_path / "own.parquet")
    files = {
        "comcat": COMCAT_FULL.encode(),
        "ncedc_dd": NCEDC.encode(),
        "scedc": SCEDC.encode(),
        "jma": "\n".join([jma(), jma(kind="U"), jma(time="2000010200005900", magnitude="-2")]).encode(),
        "fdsn_text": FDSN.encode(),
        "isc_gem": ISC.encode(),
        "own": (tmp_path / ("own.csv" if seed % 2 else "own.parquet")).read_bytes(),
    }
    rng = np.random.default_rng(seed)
    letters = b' ,;|\t\n\r"0123456789-+.:TZx\xff\xc3\x00#'
    read = 0
    for turn in range(25):
        for name, content in files.items():
            damaged = bytearray(content)
            for at in rng.integers(len(damaged), size=3):
                damaged[at] = letters[rng.integers(len(letters))]
            cut = int(rng.integers(len(damaged)))
            del damaged[cut : cut + int(rng.integers(8))]
            path = tmp_path / "damaged"
            path.write_bytes(bytes(damaged))
            try:
                reading = read_catalog(path, format=name if turn % 2 else None)
            except InputError:
                continue
            read += 1
            assert sum(file.rows for file in reading.files) == len(reading.catalog) + reading.rejected_rows
    assert read > 40
