"""The language of a text."""

import pytest

from feeder.normalise.language import find_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("春天来了，花园里的树开始长出叶子。", "zh-Hans"),
        ("春天來了，花園裡的樹開始長出葉子。", "zh-Hant"),
        ("これは日本語の文章です。漢字も使います。", "ja"),
        ("안녕하세요, 오늘은 날씨가 좋습니다.", "ko"),
        ("The rain has come to the north of the country.", "en"),
        ("La pluie est arrivée dans le nord du pays.", "fr"),
        ("Der Regen ist in den Norden des Landes gekommen und bleibt.", "de"),
        ("La lluvia ha llegado al norte del país y no se va por ahora.", "es"),
        ("A chuva chegou ao norte do país e não vai embora com o vento.", "pt"),
        ("La pioggia è arrivata nel nord del paese e non si ferma per ora.", "it"),
        ("Дождь пришёл на север страны.", "ru"),
        ("Дощ прийшов на північ країни.", "uk"),
        ("وصل المطر إلى شمال البلاد", "ar"),
        ("中文", "zh"),
        ("Мінск атрымаў новую бібліятэку, якую будавалі ўсё лета.", "be"),
        ("Дъждът дойде в северната част на страната и няма да си тръгне.", "bg"),
        ("Киша је стигла на север земље и неће престати до сутра.", "sr"),
        ("Дождот стигна на северот и сите велат дека ќе врне до утре.", "mk"),
        ("Подъезд закрыт, объект не работает.", "ru"),
        ("В Киеве, по-украински «Київ», прошёл дождь, улицы были пусты, но сады ожили.", "ru"),
        ("باران به شمال کشور رسید و تا فردا می‌ماند.", "fa"),
        ("باران به شمال كشور رسيد و پس از آن چند روز می‌ماند.", "fa"),
        ("بارش ملک کے شمال میں پہنچ گئی ہے اور کل تک رہے گی۔", "ur"),
        ("बारिश देश के उत्तर में पहुँच गई है और कल तक रहेगी।", "hi"),
        ("पाऊस देशाच्या उत्तरेला पोहोचला आहे आणि उद्यापर्यंत राहील.", "mr"),
        ("वर्षा देशको उत्तरमा पुगेको छ र भोलिसम्म रहनेछ।", "ne"),
        ("הגשם הגיע לצפון הארץ.", "he"),
        ("דער רעגן איז געקומען אין צפֿון פֿון לאַנד.", "yi"),
        ("Η βροχή έφτασε στον βορρά.", "el"),
        ("Новости спорта", None),
        ("Жаңбыр елдің солтүстігіне келді және ертеңге дейін тоқтамайды.", None),
        ("باران", None),
        ("دۇنيا خەۋەرلىرى", "ug"),
        ("يامغۇر شەھەرنىڭ شىمالىغا يېتىپ كەلدى ۋە ئەتىگىچە توختىمايدۇ.", "ug"),
        ("أعلنت الحكومة إعادة فتح المدرسة في المدينة القديمة.", "ar"),
        ("नमस्ते", None),
        ("Zxqv brpt", None),
        ("no comment", None),
        ("A do re", None),
        ("Do no harm today", None),
        ("2020 — 12:30", None),
        ("", None),
    ],
)
def test_a_language_is_detected_by_script_and_common_words(text: str, language: str | None) -> None:
    assert find_language(text) == language


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("中文", "zh-TW", "zh-Hant"),
        ("中文", "zh-CN", "zh-Hans"),
        ("春天来了", "zh-TW", "zh-Hans"),
        ("Zxqv", "nl", "nl"),
        ("Zxqv", "not a tag", None),
        ("", "zh-CN", None),
        ("Новости спорта", "bg", "bg"),
        ("Новости спорта", "ru-RU", "ru-RU"),
        ("Новости спорта", "en", None),
        ("Новости спорта", "sr", "sr"),
        ("Жаңбыр елдің солтүстігіне келді және ертеңге дейін тоқтамайды.", "kk", "kk"),
        ("Жаңбыр елдің солтүстігіне келді және ертеңге дейін тоқтамайды.", "ru", None),
        ("Дощ прийшов на північ країни.", "ru", "uk"),
        ("باران", "fa", "fa"),
        ("باران", "en", None),
        ("नमस्ते", "ne", "ne"),
        ("שלום", "yi", "yi"),
        ("باران به شمال کشور رسید و تا فردا می‌ماند.", "ar", "fa"),
        ("باران کردستان", "ckb", "ckb"),
        ("Подъезд закрыт, объект работает", "bg", "bg"),
        ("De regen is in het noorden van het land en blijft die tot in de nacht", "nl", "nl"),
        ("The rain has come to the north of the country.", "ru", "en"),
        ("The rain has come to the north of the country.", "fr", "en"),
    ],
)
def test_a_hint_decides_if_the_text_does_not(text: str, hint: str, language: str | None) -> None:
    assert find_language(text, hint) == language
