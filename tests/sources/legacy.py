"""One small text in eighteen languages, and the encodings that it was once written in."""

import unicodedata

TEXTS: dict[str, tuple[tuple[str, ...], str]] = {
    "ru": (
        ("cp1251", "koi8_r", "iso8859-5", "cp866"),
        (
            "Утром над заливом стоял густой туман, и рыбаки долго не решались выйти в море. Когда солнце наконец "
            "поднялось, вода стала спокойной и прозрачной. Дети бегали по берегу, собирали ракушки и спорили, чья "
            "находка лучше. Вечером в маленьком доме у маяка зажгли огонь, хозяйка испекла пирог, а старый "
            "смотритель рассказал ещё одну историю о кораблях, которые приходили сюда за солью и тканями."
        ),
    ),
    "uk": (
        ("cp1251", "koi8_u"),
        (
            "Уранці над затокою стояв густий туман, і рибалки довго не наважувалися вийти в море. Коли сонце "
            "нарешті піднялося, вода стала спокійною й прозорою. Діти бігали берегом, збирали мушлі та "
            "сперечалися, чия знахідка краща. Увечері в маленькій хатині біля маяка запалили вогонь, господиня "
            "спекла пиріг, а старий доглядач розповів ще одну історію про кораблі, що приходили сюди по сіль."
        ),
    ),
    "bg": (
        ("cp1251",),
        (
            "Сутринта над залива имаше гъста мъгла и рибарите дълго не смееха да излязат в морето. Когато "
            "слънцето най-после се издигна, водата стана спокойна и прозрачна. Децата тичаха по брега, събираха "
            "миди и спореха чия находка е по-хубава. Вечерта в малката къща край фара запалиха огън, стопанката "
            "изпече баница, а старият пазач разказа още една история за корабите."
        ),
    ),
    "ja": (
        ("cp932", "euc_jp", "iso2022_jp"),
        (
            "朝の湾には深い霧がかかり、漁師たちはなかなか海へ出ることができませんでした。やがて太陽が昇ると、水面"
            "は静かになり、底の石まで見えるようになりました。子どもたちは浜辺を走り回り、貝を拾っては、だれのもの"
            "が一番きれいかを競い合いました。夜になると、灯台のそばの小さな家に明かりがともり、コーヒーとケーキの"
            "香りがしました。"
        ),
    ),
    "ko": (
        ("cp949",),
        (
            "아침 바다에는 짙은 안개가 끼어 어부들은 오랫동안 배를 띄우지 못했습니다. 마침내 해가 떠오르자 물은 "
            "잔잔하고 맑아졌습니다. 아이들은 바닷가를 뛰어다니며 조개껍데기를 줍고 누구의 것이 더 예쁜지 "
            "다투었습니다. 저녁이 되자 등대 옆 작은 집에 불이 켜졌고, 늙은 등대지기는 소금을 실으러 오던 배들의 "
            "이야기를 들려주었습니다."
        ),
    ),
    "zh-Hans": (
        ("gb18030",),
        (
            "清晨的海湾笼罩着浓雾，渔民们迟迟不敢出海。太阳终于升起来的时候，水面变得平静而清澈。孩子们在沙滩上奔"
            "跑，捡贝壳，争论谁的更漂亮。到了晚上，灯塔旁边的小屋里点起了灯，女主人烤了一个蛋糕，看守灯塔的老人又"
            "讲了一个关于运盐船的故事。大家听得入了神，谁也不愿意先去睡觉。"
        ),
    ),
    "zh-Hant": (
        ("big5",),
        (
            "清晨的海灣籠罩著濃霧，漁民們遲遲不敢出海。太陽終於升起來的時候，水面變得平靜而清澈。孩子們在沙灘上奔"
            "跑，撿貝殼，爭論誰的更漂亮。到了晚上，燈塔旁邊的小屋裡點起了燈，女主人烤了一個蛋糕，看守燈塔的老人又"
            "講了一個關於運鹽船的故事。大家聽得入了神，誰也不願意先去睡覺。"
        ),
    ),
    "fr": (
        ("cp1252", "iso8859-15"),
        (
            "Au matin, une brume épaisse couvrait la baie et les pêcheurs n’osèrent pas sortir avant midi. Quand "
            "le soleil apparut enfin, l’eau devint calme et très claire. Les enfants couraient sur la plage, "
            "ramassaient des coquillages et se disputaient à qui trouverait le plus beau. Le soir, on alluma un "
            "feu dans la petite maison près du phare, où le gardien raconta une dernière histoire de bateaux "
            "chargés de sel."
        ),
    ),
    "de": (
        ("cp1252",),
        (
            "Am Morgen lag dichter Nebel über der Bucht, und die Fischer trauten sich lange nicht hinaus. Als die "
            "Sonne endlich höher stieg, wurde das Wasser ruhig und klar. Die Kinder liefen am Strand umher, "
            "sammelten Muscheln und stritten darüber, wessen Fund der schönste sei. Am Abend zündete man in dem "
            "kleinen Häuschen neben dem Leuchtturm ein Feuer an, und der alte Wärter erzählte noch eine "
            "Geschichte über die großen Schiffe."
        ),
    ),
    "es": (
        ("cp1252",),
        (
            "Por la mañana una niebla espesa cubría la bahía y los pescadores no se atrevían a salir. Cuando por "
            "fin salió el sol, el agua se volvió tranquila y transparente. Los niños corrían por la playa, "
            "recogían conchas y discutían cuál era la más bonita. Al anochecer encendieron el fuego en la pequeña "
            "casa junto al faro, y el viejo guardián contó otra historia: ¿quién recordaba aún los barcos que "
            "venían a buscar sal?"
        ),
    ),
    "pl": (
        ("cp1250", "iso8859-2"),
        (
            "Rano nad zatoką leżała gęsta mgła i rybacy długo nie mieli odwagi wypłynąć w morze. Gdy słońce "
            "wreszcie wzeszło, woda stała się spokojna i przejrzysta. Dzieci biegały po plaży, zbierały muszle i "
            "kłóciły się, czyja zdobycz jest ładniejsza. Wieczorem w małym domku obok latarni rozpalono ogień, "
            "gospodyni upiekła ciasto, a stary latarnik opowiedział jeszcze jedną historię o statkach, które "
            "przypływały tu po sól."
        ),
    ),
    "cs": (
        ("cp1250", "iso8859-2"),
        (
            "Ráno ležela nad zátokou hustá mlha a rybáři se dlouho neodvážili vyplout na moře. Když slunce "
            "konečně vyšlo, voda se uklidnila a zprůhledněla. Děti běhaly po pláži, sbíraly mušle a přely se, čí "
            "nález je hezčí. Večer v malém domku u majáku zapálili oheň, hospodyně upekla koláč a starý strážce "
            "vyprávěl ještě jeden příběh o lodích, které sem připlouvaly pro sůl."
        ),
    ),
    "el": (
        ("cp1253", "iso8859-7"),
        (
            "Το πρωί μια πυκνή ομίχλη σκέπαζε τον κόλπο και οι ψαράδες δεν τολμούσαν να βγουν στη θάλασσα. Όταν "
            "επιτέλους ανέτειλε ο ήλιος, το νερό έγινε ήρεμο και διάφανο. Τα παιδιά έτρεχαν στην παραλία, μάζευαν "
            "κοχύλια και μάλωναν ποιο ήταν το πιο όμορφο. Το βράδυ άναψαν φωτιά στο μικρό σπίτι δίπλα στον φάρο "
            "και ο γέρος φύλακας είπε ακόμη μια ιστορία."
        ),
    ),
    "tr": (
        ("cp1254",),
        (
            "Sabahleyin körfezin üzerinde yoğun bir sis vardı ve balıkçılar uzun süre denize çıkmaya cesaret "
            "edemedi. Güneş sonunda yükselince su durgun ve berrak oldu. Çocuklar kumsalda koşuyor, deniz kabuğu "
            "topluyor ve kiminkinin daha güzel olduğunu tartışıyordu. Akşam fenerin yanındaki küçük evde ateş "
            "yakıldı, yaşlı bekçi tuz almaya gelen gemiler hakkında bir hikâye daha anlattı."
        ),
    ),
    "he": (
        ("cp1255",),
        (
            "בבוקר כיסה ערפל סמיך את המפרץ והדייגים לא העזו לצאת לים. כאשר השמש זרחה סוף סוף, המים נעשו שקטים "
            "וצלולים. הילדים רצו על החוף, אספו צדפים והתווכחו של מי היפה ביותר. בערב הדליקו אש בבית הקטן שליד "
            "המגדלור, והשומר הזקן סיפר עוד סיפור על האניות שהיו באות לכאן לקחת מלח."
        ),
    ),
    "ar": (
        ("cp1256", "iso8859-6"),
        (
            "في الصباح غطى ضباب كثيف الخليج ولم يجرؤ الصيادون على الخروج إلى البحر. وعندما أشرقت الشمس أخيرا أصبح "
            "الماء هادئا وصافيا. كان الأطفال يركضون على الشاطئ ويجمعون الأصداف ويتجادلون أيها أجمل. وفي المساء "
            "أوقدوا نارا في البيت الصغير قرب المنارة، وحكى الحارس العجوز قصة أخرى عن السفن التي كانت تأتي لحمل "
            "الملح."
        ),
    ),
    "th": (
        ("cp874",),
        (
            "ตอนเช้ามีหมอกหนาปกคลุมอ่าว ชาวประมงจึงไม่กล้าออกทะเลอยู่นาน เมื่อดวงอาทิตย์ขึ้นในที่สุด "
            "น้ำก็นิ่งและใสจนเห็นก้อนหินข้างใต้ เด็กๆ วิ่งเล่นบนชายหาด เก็บเปลือกหอย และเถียงกันว่าของใครสวยกว่า "
            "ตกเย็นมีคนจุดไฟในบ้านหลังเล็กข้างประภาคาร "
            "แล้วคนเฝ้าประภาคารก็เล่าเรื่องเรือขนเกลือให้ฟังอีกเรื่องหนึ่ง"
        ),
    ),
    "vi": (
        ("cp1258",),
        (
            "Buổi sáng sương mù dày đặc phủ kín vịnh, các ngư dân mãi không dám ra khơi. Khi mặt trời cuối cùng "
            "cũng lên, mặt nước trở nên phẳng lặng và trong vắt. Lũ trẻ chạy trên bãi cát, nhặt vỏ ốc và tranh "
            "nhau xem của ai đẹp hơn. Đến tối, người ta nhóm lửa trong ngôi nhà nhỏ cạnh ngọn hải đăng, và ông "
            "lão gác đèn kể thêm một câu chuyện về những con tàu chở muối."
        ),
    ),
}
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def encodable(text: str, encoding: str) -> str:
    """Return the text without what the encoding has no letter for; cp1258 writes tones behind their letters."""
    if encoding == "cp1258":
        text = "".join(map(_tone_behind, text))
    return text.encode(encoding, "ignore").decode(encoding)


def _tone_behind(char: str) -> str:
    parts = unicodedata.normalize("NFD", char)
    letter = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    tone = "".join(part for part in parts if part in _TONES)
    return char if len(char.encode("cp1258", "ignore")) == 1 else letter + tone
