"""What is the year, the month and the day of a date, in the forms of many languages and tools."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.dates.written import WrittenDate, find_written_date, read_written_date

_DAY = (date(2022, 11, 16),)


def written(text: str, language: str | None = None) -> WrittenDate:
    found = read_written_date(text, language)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "16 November 2022",
        "November 16th, 2022",
        "Nov. 16, 22",
        "16-Nov-22",
        "2022 Nov 16",
        "16 de noviembre de 2022",
        "mer. 16 nov. 2022",
        "mar. 16 nov. 2022",
        "mar. nov. 16, 2022",
        "Mi., 16. November 2022",
        "średa 16 listopada 2022",
        "śr., 16 lis 2022",
        "sri, 16 stu 2022",
        "středa 16. listopadu 2022",
        "2022. november 16., szerda",
        "2022 m. lapkričio 16 d.",
        "2022. gada 16. novembris",
        "16 Kasım 2022 Çarşamba",
        "16 ΝΟΕΜΒΡΙΟΥ 2022",
        "16 ноября 2022 г.",
        "16 листопада 2022 р.",
        "16 noiembrie 2022",
        "keskiviikko 16. marraskuuta 2022",
        "Thứ Tư, 16 tháng 11, 2022",
        "Thứ 4, 16 tháng 11 2022",
        "quarta-feira, 16 de novembro de 2022",
        "4ª feira, 16/11/2022",
        "١٦ نوفمبر ٢٠٢٢",
        "16 تشرين الثاني 2022",
        "۱۶ نوامبر ۲۰۲۲",
        "16 בנובמבר 2022",
        "16 नवंबर 2022",
        "১৬ নভেম্বর ২০২২",
        "серада, 16 лістапада 2022 г.",
        "ថ្ងៃទី១៦ ខែវិច្ឆិកា ឆ្នាំ២០២២",
        "ពុធ 16 វិច្ឆិកា 2022",
        "၂၀၂၂ ခုနှစ်၊ နိုဝင်ဘာလ ၁၆ ရက်",
        "နိုဝင်ဘာ ၁၆၊ ၂၀၂၂",
        "16 ພະຈິກ 2022",
        "16-noyabr, 2022",
        "16 નવેમ્બર 2022",
        "16 พ.ย. 2565",
        "วันพุธที่ 16 พฤศจิกายน 2565",
        "2022年11月16日（水）",
        "令和4年11月16日",
        "民國111年11月16日",
        "2022년 11월 16일",
        "2022. 11. 16.",
        "2022/11/16",
        "2022-011-16",
        "20221116",
        "16.11.2022",
        "16.11.22",
        "11/16/2022",
        "16-11-2022",
    ],
)
def test_a_day_is_read(text: str) -> None:
    assert written(text).days == _DAY


@pytest.mark.parametrize(
    ("time", "seconds", "zone"),
    [
        ("10:00", 36000, ""),
        ("10:00:30.125", 36030, ""),
        (", 10:05 Uhr", 36300, ""),
        (" 10 Uhr", 36000, ""),
        ("10h05", 36300, ""),
        ("à 10 h 05", 36300, ""),
        ("klo 10.05", 36300, ""),
        ("kl. 10.05", 36300, ""),
        ("10時05分30秒", 36330, ""),
        ("10시 05분", 36300, ""),
        ("下午 3:05", 54300, ""),
        ("午前10:05", 36300, ""),
        ("오후 3:05", 54300, "KST"),
        ("3:05 PM", 54300, ""),
        ("3:05 p. m.", 54300, ""),
        ("3:05 μ.μ.", 54300, ""),
        ("3:05 م", 54300, ""),
        ("3:05 CH", 54300, ""),
        ("12:05 am", 300, ""),
        ("3 pm", 54000, ""),
        ("15:05 pm", 54300, ""),
        ("24:00", 86400, ""),
        ("10:00:60", 36060, ""),
        ("10:00 +0100", 36000, "+0100"),
        ("10:00 (CET)", 36000, "CET"),
        ("10:00 + 0100", 36000, "+ 0100"),
        ("10:00 --0100", 36000, "-0100"),
        ("10:00 MST-07:00", 36000, "-07:00"),
        ("10:00 MST -0700", 36000, "-0700"),
        ("10:00[Europe/Paris]", 36000, "Europe/Paris"),
        ("10:00:00 GMT+0100 (Central European Standard Time)", 36000, "+0100"),
        ("10:00:00 +0000 UTC", 36000, "+0000"),
        ("10:00 Europe/Berlin", 36000, "Europe/Berlin"),
        ("10:00 Etc/", 36000, ""),
        ("10:00 Eastern Standard Time", 36000, "Eastern Standard Time"),
        ("10:00 น.", 36000, ""),
        ("10:00, more or less", 36000, ""),
    ],
)
def test_a_time_is_read(time: str, seconds: int, zone: str) -> None:
    found = written(f"16 Nov 2022 {time}")
    assert (found.days, found.seconds, found.zone) == (_DAY, seconds, zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10:00, 16 November 2022", 36000),
        ("10:00 16.11.2022", 36000),
        ("10:00 16.11.2022 -0700", 36000),
        ("Wed Nov 16 10:00:00 2022 MST", 36000),
        ("Wed Nov 16 10:00:00 GMT 2022", 36000),
        ("20221116T100000Z", 36000),
        ("20221116100000", 36000),
    ],
)
def test_the_time_may_be_first_or_in_the_middle(text: str, seconds: int) -> None:
    assert written(text)[0] == _DAY
    assert written(text).seconds == seconds


def test_two_numbers_that_can_be_the_month_leave_two_days_and_a_weekday_decides() -> None:
    open_date = written("05/06/2024")
    assert open_date.days == (date(2024, 5, 6), date(2024, 6, 5))
    assert (open_date.numbers, open_date.separator) == ((5, 6), "/")
    assert written("Mi 05/06/2024").days == (date(2024, 6, 5),)
    assert written("Monday, 05.06.2024").days == (date(2024, 5, 6),)
    assert written("06/06/2024").days == (date(2024, 6, 6),)


def test_a_year_of_two_digits_is_last_except_in_east_asia() -> None:
    assert written("10/11/12").days == (date(2012, 10, 11), date(2012, 11, 10))
    assert written("22/11/16", "ja-JP").days == _DAY
    assert written("16/11/95").days == (date(1995, 11, 16),)
    assert written("95/11/16").days == (date(1995, 11, 16),)


@pytest.mark.parametrize(("text", "first"), [("2022-11", 11), ("November 2022", 11), ("2022", 1)])
def test_a_month_or_year_is_its_first_day(text: str, first: int) -> None:
    assert written(text).days == (date(2022, first, 1),)


@pytest.mark.parametrize(
    "text", ["Mon, 30 Nov -0001 00:00:00 +0000", "-0001-11-30T00:00:00+00:00", "0000-00-00 00:00:00", "00/00/0000"]
)
def test_a_year_that_is_none_is_no_date(text: str) -> None:
    assert written(text).days == ()


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "x 12", "12", "1 Foo 2004", "3 days ago", "Yesterday, 10:00", "31 Feb 2022", "13/13/2022",
        "1668592800", "16 Nov 2022 25:00", "16 Nov 2022 10:61", "16 Nov 2022 10:00 on page 7", "1 2 3 4",
        "16 Nov 2022 " + "x" * 200, "99/99/99", "16 Nov 22 2022",
    ],
)  # fmt: skip
def test_other_texts_are_no_date(text: str) -> None:
    assert read_written_date(text) is None


@given(st.text(alphabet="0123456789/.-: ,年月日NovlisT+", max_size=40), st.sampled_from([None, "en-US", "zh", "hr"]))
def test_any_text_is_a_date_that_exists_or_none(text: str, language: str | None) -> None:
    found = read_written_date(text, language)
    assert found is None or len(found.days) <= 2
    assert found is None or found.seconds is None or 0 <= found.seconds <= 86_400


@pytest.mark.parametrize(
    "day",
    [
        "12 mars 2024", "3. März 2024", "Dienstag, 12. März 2024", "2024년 3월 12일", "2024년 3월 12일 오후 3:05",
        "2024. március 12.", "5 มีนาคม 2567", "١٢ مارس ٢٠٢٤", "12 марта 2024 г.", "2024. gada 12. marts",
        "12 tháng 3, 2024", "Marso 12, 2024", "令和6年3月5日", "12 mars 2024 à 10h30", "2024-03-12T10:00:00Z",
        "9/6/2022 1:11 PM UTC", "12 Mar 2024, 10:00 a.m.", "1er avril 2024",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "Ann Lee {}", "{} Ann Lee", "By Ann Lee · {}", "Ann Lee, {}, Paris"])
def test_a_date_is_found_beside_other_words(day: str, around: str) -> None:
    line = around.format(day)
    span = find_written_date(line)
    assert span is not None
    assert line[slice(*span)].strip("·, ") == day


@pytest.mark.parametrize(
    "line",
    [
        "Ann Lee",
        "Ann Lee, 2024",
        "Room 12 of 2024",
        "3.",
        "12 000 of 2000 voters",
        "1921年7月，会议在上海召开。",
        "x" * 300,
    ],
)
def test_a_number_is_no_date(line: str) -> None:
    assert find_written_date(line) is None


@pytest.mark.parametrize(
    "text",
    [
        "1402/05/12", "۱۴۰۲/۰۵/۱۲", "1402-5-12", "12/05/1402", "12 مرداد 1402", "پنجشنبه، ۱۲ مرداد ۱۴۰۲",
        "1402 مرداد 12",
    ],
)  # fmt: skip
def test_a_persian_date_is_read(text: str) -> None:
    assert written(text).days == (date(2023, 8, 3),)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1370/01/01", date(1991, 3, 21)),
        ("1375/01/01", date(1996, 3, 20)),
        ("1399/12/30", date(2021, 3, 20)),
        ("1400/01/01", date(2021, 3, 21)),
        ("1403/01/01", date(2024, 3, 20)),
        ("1403/07/01", date(2024, 9, 22)),
        ("1404/01/01", date(2025, 3, 21)),
        ("1408/01/01", date(2029, 3, 20)),
    ],
)
def test_leap_years_of_the_persian_calendar_count(text: str, day: date) -> None:
    assert written(text).days == (day,)


@pytest.mark.parametrize("text", ["1402/13/12", "1402/12/31", "12 مرداد 2023", "12 صفر 1445"])
def test_a_persian_date_that_does_not_exist_and_an_islamic_one_in_words_are_not_read(text: str) -> None:
    assert read_written_date(text) is None


def test_a_persian_year_with_a_month_of_ours_is_no_date() -> None:
    assert written("12 May 1402").days == ()


@pytest.mark.parametrize("zone", ["UTC", "UTC+8", "GMT+08:00"])
def test_a_zone_in_brackets_is_part_of_the_date(zone: str) -> None:
    line = f"@ann 2024-03-12 10:00 ({zone})"
    span = find_written_date(line)
    assert span is not None
    assert line[slice(*span)] == f"2024-03-12 10:00 ({zone})"
