"""A file of the user's own: what is read, and what is refused with file, line and reason."""

from datetime import UTC, datetime

import pytest

from novate.data import load_csv
from novate.errors import DataError

T0 = 1_700_000_000


@pytest.fixture
def load(tmp_path):
    def load(text, **options):
        file = tmp_path / "prices.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_csv(file, **options)

    return load


def test_every_column(load):
    path = load(
        "Date,Open,High,Low,Close,Volume,Implied Volatility\n"
        "2020-03-11,9,12,8,10,1000,0.6\n"
        "2020-03-12,10,11,6,7,2000,1.5\n",
        underlying="ETH",
    )
    assert (path.name, path.underlying, path.volatility_source) == ("prices", "ETH", "prices.csv")
    when = int(datetime(2020, 3, 12, 21, tzinfo=UTC).timestamp())
    bar = path.bars[1]
    assert (bar.timestamp, bar.close, bar.high, bar.low, bar.implied_volatility) == (
        when, 7, 11, 6, 1.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    "heading", ["date,close", "Timestamp,PRICE", " Date Time , Adj Close ", "unix_time,last"]
)
def test_spellings(load, heading):
    path = load(f"{heading}\n{T0},10\n{T0 + 60},11\n")
    assert [(bar.timestamp, bar.close) for bar in path.bars] == [(T0, 10), (T0 + 60, 11)]
    # Without high and low, both are the close.
    assert (path.bars[0].high, path.bars[0].low) == (10, 10)
    assert path.underlying == "prices"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-14", "2023-11-14T21:00:00+00:00"),
        ("2023-11-14T22:13", "2023-11-14T22:13:00+00:00"),
        ("2023-11-14 22:13:20", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T17:13:20-05:00", "2023-11-14T22:13:20+00:00"),
        ("20231114", "2023-11-14T21:00:00+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        ("1700000000.0", "2023-11-14T22:13:20+00:00"),
    ],
)
def test_dates(load, text, expected):
    bar = load(f"time,close\n{text},10\n2023-12-01,11\n").bars[0]
    assert bar.timestamp == int(datetime.fromisoformat(expected).timestamp())


def test_vix_is_in_percent(load):
    path = load("date,close,VIX\n2018-02-02,2762,17.31\n2018-02-05,2649,37.32\n")
    assert [bar.implied_volatility for bar in path.bars] == pytest.approx([0.1731, 0.3732])


def test_mark_of_byte_order_quotes_and_empty_lines(load):
    path = load('\ufeff"date","close"\r\n"2020-03-11","10"\r\n\r\n2020-03-12,11\r\n,\r\n')
    assert [bar.close for bar in path.bars] == [10, 11]


def test_close_outside_the_bar_widens_it(load):
    bar = load("date,close,high,low\n2020-03-11,10,9.99,9\n2020-03-12,11,12,11.5\n").bars
    assert (bar[0].high, bar[1].low) == (10, 11)


@pytest.mark.parametrize("spacing", [60, 3_600, 86_400, 7 * 86_400])
def test_estimated_volatility_does_not_depend_on_spacing(load, spacing):
    # Returns of +- 30 % a year's volatility at any spacing are recognised as that, times 1.10.
    step = 0.3 * (spacing / 31_536_000) ** 0.5
    rows = (f"{T0 + i * spacing},{100 * (1 + step * (i % 2)):.9f}" for i in range(400))
    path = load("time,close\n" + "\n".join(rows))
    assert path.volatility_source == "EWMA(0.94) of returns x 1.10"
    assert path.bars[-1].implied_volatility == pytest.approx(0.33, rel=0.03)


def test_estimated_volatility_uses_no_later_prices(load):
    rows = [f"{T0 + i * 86_400},{100 + i % 3}" for i in range(40)]
    calm = load("time,close\n" + "\n".join(rows)).bars
    crash = load("time,close\n" + "\n".join([*rows[:30], *(row + "0" for row in rows[30:])])).bars
    assert [bar.implied_volatility for bar in calm[:30]] == [
        bar.implied_volatility for bar in crash[:30]
    ]
    assert crash[30].implied_volatility > 5 * calm[30].implied_volatility


def test_estimated_volatility_has_a_floor(load):
    path = load("date,close\n2020-03-11,10\n2020-03-12,10\n2020-03-13,10\n")
    assert {bar.implied_volatility for bar in path.bars} == {0.02}


HEAD = "date,close,high,low,iv\n2020-03-10,10,11,9,0.5\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty file"),
        ("\n", 1, "empty file"),
        ("date,close\n", 1, "too short: 0 bars, at least 2 needed"),
        (HEAD, 2, "too short: 1 bars, at least 2 needed"),
        ("close\n10\n", 1, "no column for time, named one of timestamp, datetime, date"),
        ("date,open\n2020-03-10,10\n", 1, "no column for close, named one of close"),
        ("date,close,Close\n", 1, "two columns are named close"),
        (HEAD + "2020-03-09,10,11,9,0.5\n", 3, "date 2020-03-09 21:00 is before that of line 2"),
        (HEAD + "2020-03-10,10,11,9,0.5\n", 3, "date 2020-03-10 21:00 again, as in line 2"),
        (HEAD + ",10,11,9,0.5\n", 3, "missing date"),
        (HEAD + "11/03/2020,10,11,9,0.5\n", 3, "date '11/03/2020' is neither ISO"),
        (HEAD + "1700000000000,10,11,9,0.5\n", 3, "date '1700000000000' is neither ISO"),
        (HEAD + "2020-02-30,10,11,9,0.5\n", 3, "date '2020-02-30' is neither ISO"),
        (HEAD + "2020-03-10T21:00:59,10,11,9,0.5\n", 3, "59 s after line 2: bars are at least"),
        (HEAD + "2020-03-11,,11,9,0.5\n", 3, "missing close"),
        (HEAD + "2020-03-11,ten,11,9,0.5\n", 3, "close 'ten' is not a number"),
        (HEAD + "2020-03-11,nan,11,9,0.5\n", 3, "close 'nan' is not a number"),
        (HEAD + "2020-03-11,inf,11,9,0.5\n", 3, "close 'inf' is not a number"),
        (HEAD + "2020-03-11,0,11,9,0.5\n", 3, "close 0 is not positive"),
        (HEAD + "2020-03-11,-10,11,9,0.5\n", 3, "close -10 is not positive"),
        (HEAD + "2020-03-11,10,-1,9,0.5\n", 3, "high -1 is not positive"),
        (HEAD + "2020-03-11,10,11,x,0.5\n", 3, "low 'x' is not a number"),
        (HEAD + "2020-03-11,10,9,11,0.5\n", 3, "high 9 is below low 11"),
        (HEAD + "2020-03-11,10,11,9,\n", 3, "missing implied volatility"),
        (HEAD + "2020-03-11,10,11,9,0\n", 3, "implied volatility 0 is not positive"),
        (HEAD + "2020-03-11,10,11,9,50\n", 3, "implied volatility 50 is above 10 (0.2 is 20 %)"),
        (HEAD + "2020-03-11,10,11\n", 3, "3 fields under 5 headings"),
        (HEAD + '2020-03-11,"10,11,9,0.5\n', 3, "not CSV: unexpected end of data"),
        # The line is counted in the file, empty lines included.
        (HEAD + "\n\n2020-03-11,0,11,9,0.5\n", 5, "close 0 is not positive"),
    ],
)
def test_malformed(load, tmp_path, text, line, reason):
    with pytest.raises(DataError) as error:
        load(text)
    assert str(error.value).startswith(f"{tmp_path / 'prices.csv'}:{line}: {reason}")
    assert "\n" not in str(error.value)
    assert (error.value.line, error.value.file) == (line, str(tmp_path / "prices.csv"))


def test_not_a_text(load):
    with pytest.raises(DataError, match="prices.csv: not a text in UTF-8$"):
        load(b"\xff\xfe\x00date")


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="missing.csv: cannot be read: No such file or directory$"):
        load_csv(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read: Is a directory$"):
        load_csv(tmp_path)
