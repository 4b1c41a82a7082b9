"""Names of months and weekdays as in Babel's data. Written by `python -m tests.dates.month_names`.

Each block is a language: its months, `;`, its weekdays from Monday on.
"""

TEXT = """
en: January, Jan | February, Feb | March, Mar | April, Apr | May | June,
Jun | July, Jul | August, Aug | Sept, September, Sep | October, Oct |
November, Nov | December, Dec; Monday, Mon | Tuesday, Tue | Wednesday,
Wed | Thursday, Thu | Friday, Fri | Saturday, Sat | Sunday, Sun

es: ene, enero | feb, febrero | mar, marzo | abr, abril | may, mayo |
jun, junio | jul, julio | ago, agosto | Setiembre, Set., sep,
septiembre, sept | oct, octubre | nov, noviembre | dic, diciembre;
lunes, lun | martes, mar | miércoles, mié | jueves, jue | viernes, vie |
sábado, sáb | domingo, dom

de: Jänner, Jän, Januar, Jan | Februar, Feb | März, Mär | April, Apr |
Mai | Juni, Jun | Juli, Jul | August, Aug | Sep, September, Sept. |
Oktober, Okt | November, Nov | Dezember, Dez; Montag, Mo | Dienstag, Di
| Mittwoch, Mi | Donnerstag, Do | Freitag, Fr | Samstag, Sa | Sonntag,
So

ru: января, январь, янв. | февраля, февраль, февр. | марта, март, мар. |
апреля, апрель, апр. | мая, май | июня, июнь, июн. | июля, июль, июл. |
августа, август, авг. | сентября, сентябрь, сент. | октября, октябрь,
окт. | ноября, ноябрь, нояб. | декабря, декабрь, дек.; понедельник, пн |
вторник, вт | среда, ср | чт, четверг | пятница, пт | суббота, сб | вс,
воскресенье

ja: 1月 | 2月 | 3月 | 4月 | 5月 | 6月 | 7月 | 8月 | 9月 | 10月 | 11月 | 12月; 月曜日, 月
| 火曜日, 火 | 水曜日, 水 | 木曜日, 木 | 金曜日, 金 | 土曜日, 土 | 日曜日, 日

fr: janvier, janv. | février, févr. | mars | avril, avr. | mai | juin |
juill., juillet, juil. | août | septembre, sept. | octobre, oct. |
novembre, nov. | décembre, déc.; lundi, lun. | mardi, mar. | mercredi,
mer. | jeudi, jeu. | vendredi, ven. | samedi, sam. | dimanche, dim.

pt: janeiro, jan. | fevereiro, fev. | março, mar. | abril, abr. | maio,
mai. | junho, jun. | julho, jul. | agosto, ago. | setembro, set. |
outubro, out. | novembro, nov. | dezembro, dez.; segunda, segunda-feira,
seg. | terça, terça-feira, ter. | quarta, quarta-feira, qua. | quinta,
quinta-feira, qui. | sexta, sexta-feira, sex. | sábado, sáb. | domingo,
dom.

zh: 一月, 1月 | 二月, 2月 | 三月, 3月 | 四月, 4月 | 五月, 5月 | 六月, 6月 | 七月, 7月 | 八月,
8月 | 九月, 9月 | 十月, 10月 | 十一月, 11月 | 十二月, 12月; 週一, 星期一, 周一 | 週二, 星期二, 周二 |
週三, 星期三, 周三 | 週四, 星期四, 周四 | 週五, 星期五, 周五 | 週六, 星期六, 周六 | 週日, 星期日, 周日

it: gennaio, gen | febbraio, feb | marzo, mar | aprile, apr | maggio,
mag | giugno, giu | luglio, lug | agosto, ago | settembre, set |
ottobre, ott | novembre, nov | dicembre, dic; lunedì, lun | martedì, mar
| mercoledì, mer | giovedì, gio | venerdì, ven | sabato, sab | domenica,
dom

tr: Ocak, Oca | Şubat, Şub | Mart, Mar | Nisan, Nis | Mayıs, May |
Haziran, Haz | Temmuz, Tem | Ağustos, Ağu | Eylül, Eyl | Ekim, Eki |
Kasım, Kas | Aralık, Ara; Pzt, Pazartesi | Salı, Sal | Çarşamba, Çar |
Perşembe, Per | Cuma, Cum | Cumartesi, Cmt | Pazar, Paz

fa: جنوری, جنو, ژانویهٔ, ژانویه | فبروری, فوریهٔ, فوریه | مارچ, مارس |
اپریل, آوریل | می, مهٔ, مه | جون, ژوئن | جولای, جول, ژوئیهٔ, ژوئیه |
اگست, اوت | سپتمبر, سپتامبر | اکتوبر, اکتبر | نومبر, نوامبر | دسمبر,
دسم, دسامبر; دوشنبه | سه‌شنبه | چهارشنبه | پنجشنبه | جمعه | شنبه |
یکشنبه

nl: januari, jan | februari, feb | mrt, maart | april, apr | mei | juni,
jun | juli, jul | augustus, aug | september, sep | oktober, okt |
november, nov | december, dec; maandag, ma | dinsdag, di | woensdag, wo
| donderdag, do | vrijdag, vr | zaterdag, za | zondag, zo

pl: stycznia, styczeń, sty | luty, lutego, lut | marzec, marca, mar |
kwietnia, kwiecień, kwi | maja, maj | czerwiec, czerwca, cze | lipiec,
lipca, lip | sierpnia, sierpień, sie | września, wrzesień, wrz |
października, październik, paź | listopada, listopad, lis | grudzień,
grudnia, gru; poniedziałek, pon. | wtorek, wt. | środa, śr. | czwartek,
czw. | pt., piątek | sobota, sob. | niedziela, niedz.

ar: جانفي, كانون الثاني, يناير | فيفري, شباط, فبراير | آذار, مارس |
إبريل, أفريل, نيسان, أبريل | ماي, أيار, مايو | جوان, حزيران, يونيو |
يوليوز, جويلية, تموز, يوليو | أغشت, غشت, أوت, آب, أغسطس | شتمبر, شتنبر,
أيلول, سبتمبر | تشرين الأول, تشرين الأول, أكتوبر | نونبر, تشرين الثاني,
نوفمبر | دجمبر, دجنبر, كانون الأول, ديسمبر; الاثنين | الثلاثاء |
الأربعاء | الخميس | الجمعة | السبت | الأحد

vi: Tháng 1, thg 1 | Tháng 2, thg 2 | Tháng 3, thg 3 | Tháng 4, thg 4 |
Tháng 5, thg 5 | Tháng 6, thg 6 | Tháng 7, thg 7 | Tháng 8, thg 8 |
Tháng 9, thg 9 | Tháng 10, thg 10 | Tháng 11, thg 11 | Tháng 12, thg 12;
Thứ Hai, Th 2 | Thứ Ba, Th 3 | Thứ Tư, Th 4 | Thứ Năm, Th 5 | Thứ Sáu,
Th 6 | Thứ Bảy, Th 7 | Chủ Nhật, CN

id: Januari, Jan | Februari, Feb | Maret, Mar | April, Apr | Mei | Juni,
Jun | Juli, Jul | Agustus, Agu | September, Sep | Oktober, Okt |
November, Nov | Desember, Des; Senin, Sen | Selasa, Sel | Rabu, Rab |
Kamis, Kam | Jumat, Jum | Sabtu, Sab | Minggu, Min

cs: ledna, leden, led | února, únor, úno | března, březen, bře | dubna,
duben, dub | května, květen, kvě | čvn, června, červen | čvc, červenec,
července | srpna, srpen, srp | září, zář | října, říjen, říj |
listopadu, listopad, lis | prosinec, prosince, pro; pondělí, po | úterý,
út | středa, st | čtvrtek, čt | pátek, pá | sobota, so | neděle, ne

ko: 1월 | 2월 | 3월 | 4월 | 5월 | 6월 | 7월 | 8월 | 9월 | 10월 | 11월 | 12월; 월요일, 월
| 화요일, 화 | 수요일, 수 | 목요일, 목 | 금요일, 금 | 토요일, 토 | 일요일, 일

uk: січня, січень, січ. | лютого, лютий, лют. | березня, березень, бер.
| квітня, квітень, квіт. | травня, травень, трав. | червня, червень,
черв. | липня, липень, лип. | серпня, серпень, серп. | вересня,
вересень, вер. | жовтня, жовтень, жовт. | листопада, листопад, лист. |
грудня, грудень, груд.; понеділок, пн | вівторок, вт | ср, середа | чт,
четвер | пт, пʼятниця | субота, сб | неділя, нд

el: Ιανουαρίου, Ιανουάριος, Ιαν | Φεβρουαρίου, Φεβρουάριος, Φεβ |
Μαρτίου, Μαρ, Μάρτιος, Μάρ | Απριλίου, Απρίλιος, Απρ | Μαΐου, Μαΐ,
Μάιος, Μάι | Ιούνιος, Ιούν, Ιουνίου, Ιουν | Ιούλιος, Ιούλ, Ιουλίου, Ιουλ
| Αύγουστος, Αύγ, Αυγούστου, Αυγ | Σεπτεμβρίου, Σεπτέμβριος, Σεπ |
Οκτώβριος, Οκτωβρίου, Οκτ | Νοεμβρίου, Νοε, Νοέμβριος, Νοέ | Δεκεμβρίου,
Δεκέμβριος, Δεκ; Δευτέρα, Δευ | Τρίτη, Τρί | Τετάρτη, Τετ | Πέμπτη, Πέμ
| Παρασκευή, Παρ | Σάββατο, Σάβ | Κυριακή, Κυρ

hu: január, jan. | február, febr. | március, márc. | április, ápr. |
május, máj. | június, jún. | július, júl. | augusztus, aug. |
szeptember, szept. | október, okt. | november, nov. | december, dec.;
hétfő, H | kedd, K | szerda, Sze | csütörtök, Cs | péntek, P | szombat,
Szo | vasárnap, V

sv: januari, jan. | februari, feb. | mars | april, apr. | maj | juni |
juli | augusti, aug. | september, sep. | oktober, okt. | november, nov.
| december, dec.; måndag, mån | tisdag, tis | onsdag, ons | torsdag,
tors | fredag, fre | lördag, lör | söndag, sön

ro: ianuarie, ian. | februarie, feb. | martie, mar. | aprilie, apr. |
mai | iunie, iun. | iulie, iul. | august, aug. | septembrie, sept. |
octombrie, oct. | nov., noiembrie | decembrie, dec.; lun., luni | mar.,
marți | mie., miercuri | joi | vin., vineri | sâm., sâmbătă | dum.,
duminică

he: ינו׳, ינואר | פבר׳, פברואר | מרץ | אפר׳, אפריל | מאי | יוני | יולי |
אוג׳, אוגוסט | ספט׳, ספטמבר | אוק׳, אוקטובר | נוב׳, נובמבר | דצמ׳,
דצמבר; יום שני, יום ב׳ | יום שלישי, יום ג׳ | יום רביעי, יום ד׳ | יום
חמישי, יום ה׳ | יום שישי, יום ו׳ | שבת, יום שבת | יום ראשון, יום א׳

da: januar, jan. | februar, feb. | marts, mar. | april, apr. | maj |
juni, jun. | juli, jul. | august, aug. | september, sep. | oktober, okt.
| november, nov. | december, dec.; mandag, man. | tirsdag, tirs. |
onsdag, ons. | torsdag, tors. | fredag, fre. | lørdag, lør. | søndag,
søn.

th: มกราคม, ม.ค. | กุมภาพันธ์, ก.พ. | มีนาคม, มี.ค. | เมษายน, เม.ย. |
พฤษภาคม, พ.ค. | มิถุนายน, มิ.ย. | กรกฎาคม, ก.ค. | สิงหาคม, ส.ค. |
กันยายน, ก.ย. | ตุลาคม, ต.ค. | พฤศจิกายน, พ.ย. | ธันวาคม, ธ.ค.;
วันจันทร์, จ. | อ., วันอังคาร | วันพุธ, พ. | วันพฤหัสบดี, พฤ. | ศ.,
วันศุกร์ | ส., วันเสาร์ | อา., วันอาทิตย์

fi: tammikuuta, tammikuu, tammi | helmikuuta, helmikuu, helmi |
maaliskuuta, maaliskuu, maalis | huhtikuuta, huhtikuu, huhti |
toukokuuta, toukokuu, touko | kesäkuuta, kesäkuu, kesä | heinäkuuta,
heinäkuu, heinä | elokuuta, elokuu, elo | syyskuuta, syyskuu, syys |
lokakuuta, lokakuu, loka | marraskuuta, marraskuu, marras | joulukuuta,
joulukuu, joulu; maanantaina, maanantai, ma | tiistaina, tiistai, ti |
keskiviikkona, keskiviikko, ke | torstaina, torstai, to | perjantaina,
perjantai, pe | lauantaina, lauantai, la | sunnuntai, su

sk: januára, január, jan | februára, február, feb | marec, marca, mar |
apríla, apríl, apr | mája, máj | júna, jún | júla, júl | augusta,
august, aug | septembra, september, sep | októbra, október, okt |
novembra, november, nov | decembra, december, dec; pondelok, po |
utorok, ut | streda, st | štvrtok, št | piatok, pi | sobota, so |
nedeľa, ne

bg: януари, яну | февруари, фев | март | април, апр | май | юни | юли |
август, авг | септември, сеп | октомври, окт | ноември, ное | декември,
дек; понеделник, пн | вторник, вт | сряда, ср | чт, четвъртък | пт,
петък | събота, сб | неделя, нд

hr: siječnja, siječanj, sij | veljače, veljača, velj | ožujka, ožujak,
ožu | travnja, travanj, tra | svibnja, svibanj, svi | lipnja, lipanj,
lip | srpnja, srpanj, srp | kolovoza, kolovoz, kol | rujna, rujan, ruj |
listopada, listopad, lis | studenoga, studeni, stu | prosinca, prosinac,
pro; ponedjeljak, pon | utorak, uto | srijeda, sri | četvrtak, čet |
petak, pet | subota, sub | nedjelja, ned

sr: januar, jan, јануар, јан | februar, feb, фебруар, феб | mart, mar,
март, мар | april, apr, април, апр | maj, мај | jun, јун | jul, јул |
avgust, avg, август, авг | sept, септ, septembar, sep, септембар, сеп |
oktobar, okt, октобар, окт | novembar, nov, новембар, нов | decembar,
dec, децембар, дец; ponedeljak, pon, понедељак, пон | utorak, uto,
уторак, уто | srijeda, сриједа, sreda, sre, среда, сре | četvrtak, čet,
четвртак, чет | petak, pet, петак, пет | subota, sub, субота, суб |
nedjelja, недјеља, nedelja, ned, недеља, нед

hi: January, Jan, जन॰, जनवरी | February, Feb, फ़र॰, फ़रवरी | March, Mar,
मार्च | April, Apr, अप्रैल | May, मई | June, Jun, जून | July, Jul, जुल॰,
जुलाई | August, Aug, अग॰, अगस्त | September, Sept, Sep, सित॰, सितंबर |
October, Oct, अक्टू॰, अक्टूबर | November, Nov, नव॰, नवंबर | December,
Dec, दिस॰, दिसंबर; Somwaar, Som, सोमवार, सोम | Mangalwaar, Mangal,
मंगलवार, मंगल | Budhwaar, Budh, बुधवार, बुध | Guruwaar, Guru, गुरुवार,
गुरु | Shukrawaar, Shukra, शुक्रवार, शुक्र | Shaniwaar, Shani, शनिवार,
शनि | Raviwaar, Ravi, रविवार, रवि

bn: জানুয়ারী, জানু | ফেব্রুয়ারী, ফেব | মার্চ | এপ্রিল, এপ্রি | মে |
জুন | জুলাই, জুল | আগস্ট, আগ | সেপ্টেম্বর, সেপ | অক্টোবর, অক্টো |
নভেম্বর, নভে | ডিসেম্বর, ডিসে; সোমবার, সোম | মঙ্গলবার, মঙ্গল | বুধবার,
বুধ | বৃহস্পতিবার, বৃহস্পতি | শুক্রবার, শুক্র | শনিবার, শনি | রবিবার,
রবি

ur: جنوری | فروری | مارچ | اپریل | مئی | جون | جولائی | اگست | ستمبر |
اکتوبر | نومبر | دسمبر; پیر | منگل | بدھ | جمعرات | جمعہ | ہفتہ | اتوار

nb: januar, jan | februar, feb | mars, mar | april, apr | mai | juni,
jun | juli, jul | august, aug | september, sep | oktober, okt |
november, nov | desember, des; måndag, mån, må., mandag, man. | tysdag,
tys, ty., tirsdag, tir. | ons., on., onsdag | tor., to., torsdag | fre.,
fr., fredag | laurdag, lau, la., lørdag, lør. | søn., sø., søndag

lt: sausis, sausio, saus. | vasaris, vasario, vas. | kovo, kovas, kov. |
balandžio, balandis, bal. | gegužės, gegužė, geg. | birželis, birželio,
birž. | liepos, liepa, liep. | rugpjūčio, rugpjūtis, rugp. | rugsėjo,
rugsėjis, rugs. | spalis, spalio, spal. | lapkričio, lapkritis, lapkr. |
gruodžio, gruodis, gruod.; pr, pirmadienis | antradienis, an |
trečiadienis, tr | kt, ketvirtadienis | pn, penktadienis | št,
šeštadienis | sk, sekmadienis

sl: januar, jan. | februar, feb. | marec, mar. | april, apr. | maj |
junij, jun. | julij, jul. | avgust, avg. | september, sep. | oktober,
okt. | november, nov. | december, dec.; ponedeljek, pon. | torek, tor. |
sreda, sre. | četrtek, čet. | petek, pet. | sobota, sob. | nedelja, ned.

ca: gener, gen., de gener, de gen. | febrer, febr., de febrer, de febr.
| març, de març | d’abril, d’abr., abril, abr. | maig, de maig | juny,
de juny | juliol, jul., de juliol, de jul. | d’agost, d’ag., agost, ag.
| setembre, set., de setembre, de set. | octubre, oct., d’octubre,
d’oct. | novembre, nov., de novembre, de nov. | desembre, des., de
desembre, de des.; dl., dilluns | dt., dimarts | dimecres, dc. | dj.,
dijous | dv., divendres | ds., dissabte | diumenge, dg.

et: jaanuar, jaan | veebruar, veebr | märts | aprill, apr | mai | juuni
| juuli | august, aug | september, sept | oktoober, okt | november, nov
| detsember, dets; esmaspäev, E | teisipäev, T | kolmapäev, K |
neljapäev, N | reede, R | laupäev, L | pühapäev, P

lv: janvāris, janv. | februāris, febr. | marts | aprīlis, apr. | maijs |
jūnijs, jūn. | jūlijs, jūl. | augusts, aug. | septembris, sept. |
oktobris, okt. | novembris, nov. | decembris, dec.; Pirmdiena, Pirmd. |
Otrdiena, Otrd. | Trešdiena, Trešd. | Ceturtdiena, Ceturtd. |
Piektdiena, Piektd. | Sestdiena, Sestd. | Svētdiena, Svētd.

ms: Januari, Jan | Februari, Feb | Mac | April, Apr | Mei | Jun | Julai,
Jul | Ogos, Ogo | September, Sep | Oktober, Okt | November, Nov |
Disember, Dis; Isnin, Isn | Selasa, Sel | Rabu, Rab | Khamis, Kha |
Jumaat, Jum | Sabtu, Sab | Ahd, Ahad

bs: јануар, јан, januar, jan | фебруар, феб, februar, feb | март, мар,
mart, mar | април, апр, april, apr | мај, maj | јуни, јун, juni, jun |
јули, јул, juli, jul | аугуст, ауг, august, aug | септембар, сеп,
septembar, sep | октобар, окт, oktobar, okt | новембар, нов, novembar,
nov | децембар, дец, decembar, dec; понедјељак, пон, ponedjeljak, pon |
уторак, уто, utorak, uto | сриједа, сри, srijeda, sri | четвртак, чет,
četvrtak, čet | петак, пет, petak, pet | субота, суб, subota, sub |
недјеља, нед, nedjelja, ned

mk: јануари, јан. | февруари, фев. | март, мар. | април, апр. | мај |
јуни, јун. | јули, јул. | август, авг. | септември, сеп. | октомври,
окт. | ноември, ное. | декември, дек.; понеделник, пон. | вторник, вто.
| среда, сре. | четврток, чет. | петок, пет. | сабота, саб. | недела,
нед.

sq: janar, jan | shkurt, shk | mars, mar | prill, pri | maj | qershor,
qer | korrik, korr | gusht, gush | shtator, sht | tetor, tet | nëntor,
nën | dhjetor, dhj; hën, e hënë | mar, e martë | mër, e mërkurë | enj, e
enjte | pre, e premte | sht, e shtunë | e diel, die

gl: xaneiro, xan. | febreiro, feb. | marzo, mar. | abril, abr. | maio |
xuño | xullo, xul. | agosto, ago. | setembro, set. | outubro, out. |
novembro, nov. | decembro, dec.; luns | martes, mar. | mércores, mér. |
xoves, xov. | venres, ven. | sábado, sáb. | domingo, dom.

eu: urtarrila, urt. | otsaila, ots. | martxoa, mar. | apirila, api. |
maiatza, mai. | ekaina, eka. | uztaila, uzt. | abuztua, abu. | iraila,
ira. | urria, urr. | azaroa, aza. | abendua, abe.; astelehena, al. |
asteartea, ar. | az., asteazkena | osteguna, og. | ostirala, or. | lr.,
larunbata | igandea, ig.

is: janúar, jan. | febrúar, feb. | mars, mar. | apríl, apr. | maí |
júní, jún. | júlí, júl. | ágúst, ágú. | september, sep. | október, okt.
| nóvember, nóv. | desember, des.; mánudagur, mán. | þriðjudagur, þri. |
miðvikudagur, mið. | fimmtudagur, fim. | föstudagur, fös. | laugardagur,
lau. | sunnudagur, sun.

af: Januarie, Jan. | Februarie, Feb. | Mrt., Maart | April, Apr. | Mei |
Junie, Jun. | Julie, Jul. | Augustus, Aug. | September, Sep. | Oktober,
Okt. | November, Nov. | Desember, Des.; Maandag, Ma. | Dinsdag, Di. |
Woensdag, Wo. | Donderdag, Do. | Vrydag, Vr. | Saterdag, Sa. | Sondag,
So.

az: yanvar, yan | fevral, fev | mart, mar | aprel, apr | may | iyun, iyn
| iyul, iyl | avqust, avq | sentyabr, sen | oktyabr, okt | noyabr, noy |
dekabr, dek; bazar ertəsi, B.E. | çərşənbə axşamı, Ç.A. | çərşənbə, Ç. |
cümə axşamı, C.A. | cümə, C. | şənbə, Ş. | bazar, B.

ka: იანვარი, იან | თებერვალი, თებ | მარტი, მარ | აპრილი, აპრ | მაისი,
მაი | ივნისი, ივნ | ივლისი, ივლ | აგვისტო, აგვ | სექტემბერი, სექ |
ოქტომბერი, ოქტ | ნოემბერი, ნოე | დეკემბერი, დეკ; ორშაბათი, ორშ |
სამშაბათი, სამ | ოთხშაბათი, ოთხ | ხუთშაბათი, ხუთ | პარასკევი, პარ |
შაბათი, შაბ | კვირა, კვი

hy: հունվարի, հունվար, հնվ | փտվ, փետրվարի, փետրվար | մրտ, մարտի, մարտ |
ապրիլի, ապրիլ, ապր | մյս, մայիսի, մայիս | հունիսի, հունիս, հնս |
հուլիսի, հուլիս, հլս | օգս, օգոստոսի, օգոստոս | սեպտեմբերի, սեպտեմբեր,
սեպ | հոկտեմբերի, հոկտեմբեր, հոկ | նոյեմբերի, նոյեմբեր, նոյ |
դեկտեմբերի, դեկտեմբեր, դեկ; երկուշաբթի, երկ | երք, երեքշաբթի | չրք,
չորեքշաբթի | հնգ, հինգշաբթի | ուրբաթ, ուր | շբթ, շաբաթ | կիրակի, կիր

kk: Қаңтар, қаң. | Ақпан, ақп. | Наурыз, нау. | Сәуір, сәу. | Мамыр,
мам. | Маусым, мау. | Шілде, шіл. | Тамыз, там. | Қыркүйек, қыр. |
Қазан, қаз. | Қараша, қар. | Желтоқсан, жел.; дүйсенбі, дс | сс,
сейсенбі | сәрсенбі, ср | бс, бейсенбі | жұма, жм | сенбі, сб | жс,
жексенбі

ta: ஜனவரி, ஜன. | பிப்ரவரி, பிப். | மார்ச், மார். | ஏப்ரல், ஏப். | மே |
ஜூன் | ஜூலை | ஆகஸ்ட், ஆக. | செப்டம்பர், செப். | அக்டோபர், அக். |
நவம்பர், நவ. | டிசம்பர், டிச.; திங்கள், திங். | செவ்வாய், செவ். | புதன்,
புத. | வியாழன், வியா. | வெள்ளி, வெள். | சனி | ஞாயிறு, ஞாயி.

te: జనవరి, జన | ఫిబ్రవరి, ఫిబ్ర | మార్చి | ఏప్రిల్, ఏప్రి | మే | జూన్ |
జులై | ఆగస్టు, ఆగ | సెప్టెంబర్, సెప్టెం | అక్టోబర్, అక్టో | నవంబర్, నవం
| డిసెంబర్, డిసెం; సోమవారం, సోమ | మంగళవారం, మంగళ | బుధవారం, బుధ |
గురువారం, గురు | శుక్రవారం, శుక్ర | శనివారం, శని | ఆదివారం, ఆది

mr: जानेवारी, जाने | फेब्रुवारी, फेब्रु | मार्च | एप्रिल, एप्रि | मे |
जून | जुलै | ऑगस्ट, ऑग | सप्टेंबर, सप्टें | ऑक्टोबर, ऑक्टो | नोव्हेंबर,
नोव्हें | डिसेंबर, डिसें; सोमवार, सोम | मंगळवार, मंगळ | बुधवार, बुध |
गुरुवार, गुरु | शुक्रवार, शुक्र | शनिवार, शनि | रविवार, रवि

fil: Enero, Ene | Pebrero, Peb | Marso, Mar | Abril, Abr | Mayo, May |
Hunyo, Hun | Hulyo, Hul | Agosto, Ago | Setyembre, Set | Oktubre, Okt |
Nobyembre, Nob | Disyembre, Dis; Lunes, Lun | Martes, Mar | Miyerkules,
Miy | Huwebes, Huw | Biyernes, Biy | Sabado, Sab | Linggo, Lin

sw: Januari, Jan | Februari, Feb | Machi, Mac | Aprili, Apr | Mei |
Juni, Jun | Julai, Jul | Agosti, Ago | Septemba, Sep | Oktoba, Okt |
Novemba, Nov | Desemba, Des; Jumatatu | Jumanne | Jumatano | Alhamisi |
Ijumaa | Jumamosi | Jumapili

be: студзеня, студзень, сту | люты, лютага, лют | сакавіка, сакавік, сак
| красавіка, красавік, кра | траўня, травень, тра, мая, май | чэрвеня,
чэрвень, чэр | ліпеня, ліпень, ліп | жніўня, жнівень, жні | верасьня,
верасня, верасень, вер | кастрычніка, кастрычнік, кас | лістапада,
лістапад, ліс | сьнежня, сьнежань, сьн, снежня, снежань, сне; пан, пн,
панядзелак | аўт, аўторак, аў | сер, ср, серада | чацьвер, чац, чц,
чацвер | пят, пятніца, пт | суб, субота, сб | няд, нядзеля, нд

km: មករា | កុម្ភៈ | មីនា | មេសា | ឧសភា | មិថុនា | កក្កដា | សីហា | កញ្ញា
| តុលា | វិច្ឆិកា | ធ្នូ; ច័ន្ទ, ចន្ទ | អង្គារ | ពុធ | ព្រហស្បតិ៍, ព្រហ
| សុក្រ | សៅរ៍ | អាទិត្យ

my: ဇန်နဝါရီ, ဇန် | ဖေဖော်ဝါရီ, ဖေ | မတ် | ဧပြီ, ဧ | မေ | ဇွန် |
ဇူလိုင်, ဇူ | ဩဂုတ်, ဩ | စက်တင်ဘာ, စက် | အောက်တိုဘာ, အောက် | နိုဝင်ဘာ,
နို | ဒီဇင်ဘာ, ဒီ; တနင်္လာ | အင်္ဂါ | ဗုဒ္ဓဟူး | ကြာသပတေး | သောကြာ | စနေ
| တနင်္ဂနွေ

lo: ມັງກອນ, ມ.ກ. | ກຸມພາ, ກ.ພ. | ມີນາ, ມ.ນ. | ເມສາ, ມ.ສ. | ພຶດສະພາ, ພ.ພ.
| ມິຖຸນາ, ມິ.ຖ. | ກໍລະກົດ, ກ.ລ. | ສິງຫາ, ສ.ຫ. | ກັນຍາ, ກ.ຍ. | ຕຸລາ, ຕ.ລ.
| ພະຈິກ, ພ.ຈ. | ທັນວາ, ທ.ວ.; ວັນຈັນ, ຈັນ | ອັງຄານ, ວັນອັງຄານ | ວັນພຸດ,
ພຸດ | ວັນພະຫັດ, ພະຫັດ | ສຸກ, ວັນສຸກ | ເສົາ, ວັນເສົາ | ອາທິດ, ວັນອາທິດ

mn: Нэгдүгээр сар, 1-р сар | Хоёрдугаар сар, 2-р сар | Гуравдугаар сар,
3-р сар | Дөрөвдүгээр сар, 4-р сар | Тавдугаар сар, 5-р сар |
Зургаадугаар сар, 6-р сар | Долоодугаар сар, 7-р сар | Наймдугаар сар,
8-р сар | Есдүгээр сар, 9-р сар | Аравдугаар сар, 10-р сар | Арван
нэгдүгээр сар, 11-р сар | Арван хоёрдугаар сар, 12-р сар; Даваа, Да |
Мягмар, Мя | Лхагва, Лх | Пүрэв, Пү | Баасан, Ба | Бямба, Бя | Ням, Ня

uz: Yanvar, Yan | Fevral, Fev | Mart, Mar | Aprel, Apr | May | Iyun, Iyn
| Iyul, Iyl | Avgust, Avg | Sentabr, Sen | Oktabr, Okt | Noyabr, Noy |
Dekabr, Dek; dushanba, Dush | seshanba, Sesh | chorshanba, Chor |
payshanba, Pay | juma, Jum | shanba, Shan | yakshanba, Yak

ky: Январь, Янв | Февраль, Фев | Март, Мар | Апрель, Апр | Май | Июнь,
Июн | Июль, Июл | Август, Авг | Сентябрь, Сен | Октябрь, Окт | Ноябрь,
Ноя | Декабрь, Дек; дүйшөмбү, дүй. | шейшемби, шейш. | шаршемби, шарш. |
бейшемби, бейш. | жума | ишм., ишемби | жекшемби, жек.

gu: જાન્યુઆરી, જાન્યુ | ફેબ્રુઆરી, ફેબ્રુ | માર્ચ | એપ્રિલ | મે | જૂન |
જુલાઈ | ઑગસ્ટ | સપ્ટેમ્બર, સપ્ટે | ઑક્ટોબર, ઑક્ટો | નવેમ્બર, નવે |
ડિસેમ્બર, ડિસે; સોમવાર, સોમ | મંગળવાર, મંગળ | બુધવાર, બુધ | ગુરુવાર,
ગુરુ | શુક્રવાર, શુક્ર | શનિવાર, શનિ | રવિવાર, રવિ

kn: ಜನವರಿ, ಜನ | ಫೆಬ್ರವರಿ, ಫೆಬ್ರ | ಮಾರ್ಚ್ | ಏಪ್ರಿಲ್, ಏಪ್ರಿ | ಮೇ | ಜೂನ್ |
ಜುಲೈ | ಆಗಸ್ಟ್, ಆಗ | ಸೆಪ್ಟೆಂಬರ್, ಸೆಪ್ಟೆಂ | ಅಕ್ಟೋಬರ್, ಅಕ್ಟೋ | ನವೆಂಬರ್,
ನವೆಂ | ಡಿಸೆಂಬರ್, ಡಿಸೆಂ; ಸೋಮವಾರ, ಸೋಮ | ಮಂಗಳವಾರ, ಮಂಗಳ | ಬುಧವಾರ, ಬುಧ |
ಗುರುವಾರ, ಗುರು | ಶುಕ್ರವಾರ, ಶುಕ್ರ | ಶನಿವಾರ, ಶನಿ | ಭಾನುವಾರ, ಭಾನು

ml: ജനുവരി, ജനു | ഫെബ്രുവരി, ഫെബ്രു | മാർച്ച്, മാർ | ഏപ്രിൽ, ഏപ്രി |
മേയ് | ജൂൺ | ജൂലൈ | ഓഗസ്റ്റ്, ഓഗ | സെപ്റ്റംബർ, സെപ്റ്റം | ഒക്‌ടോബർ,
ഒക്ടോ | നവംബർ, നവം | ഡിസംബർ, ഡിസം; തിങ്കൾ, തിങ്കളാഴ്‌ച | ചൊവ്വാഴ്‌ച,
ചൊവ്വാഴ്ച, ചൊവ്വ | ബുധൻ, ബുധനാഴ്‌ച | വ്യാഴാഴ്‌ച, വ്യാഴം | വെള്ളിയാഴ്‌ച,
വെള്ളി | ശനിയാഴ്‌ച, ശനി | ഞായർ, ഞായറാഴ്‌ച

pa: ਜਨਵਰੀ, ਜਨ | ਫ਼ਰਵਰੀ, ਫ਼ਰ | ਮਾਰਚ | ਅਪ੍ਰੈਲ, ਅਪ੍ਰੈ | ਮਈ | ਜੂਨ | ਜੁਲਾਈ,
ਜੁਲਾ | ਅਗਸਤ, ਅਗ | ਸਤੰਬਰ, ਸਤੰ | ਅਕਤੂਬਰ, ਅਕਤੂ | ਨਵੰਬਰ, ਨਵੰ | ਦਸੰਬਰ, ਦਸੰ;
ਸੋਮਵਾਰ, ਸੋਮ | ਮੰਗਲਵਾਰ, ਮੰਗਲ | ਬੁੱਧਵਾਰ, ਬੁੱਧ | ਵੀਰਵਾਰ, ਵੀਰ | ਸ਼ੁੱਕਰਵਾਰ,
ਸ਼ੁੱਕਰ | ਸ਼ਨਿੱਚਰਵਾਰ, ਸ਼ਨਿੱਚਰ | ਐਤਵਾਰ, ਐਤ

ne: जनवरी | फेब्रुअरी | मार्च | अप्रिल | मे | जुन | जुलाई | अगस्ट |
सेप्टेम्बर | अक्टोबर | नोभेम्बर | डिसेम्बर; सोमबार, सोम | मङ्गलबार,
मङ्गल | बुधबार, बुध | बिहिबार, बिहि | शुक्रबार, शुक्र | शनिबार, शनि |
आइतबार, आइत

si: ජනවාරි, ජන | පෙබරවාරි, පෙබ | මාර්තු, මාර් | අප්‍රේල් | මැයි | ජූනි |
ජූලි | අගෝස්තු, අගෝ | සැප්තැම්බර්, සැප් | ඔක්තෝබර්, ඔක් | නොවැම්බර්,
නොවැ | දෙසැම්බර්, දෙසැ; සඳුදා | අඟහරුවාදා, අඟහ | බදාදා | බ්‍රහස්පතින්දා,
බ්‍රහස් | සිකුරාදා, සිකු | සෙනසුරාදා, සෙන | ඉරිදා

am: ጃንዋሪ, ጃን | ፌብሩዋሪ, ፌብ | ማርች | ኤፕሪል, ኤፕሪ | ሜይ | ጁን | ጁላይ | ኦገስት, ኦገስ |
ሴፕቴምበር, ሴፕቴ | ኦክቶበር, ኦክቶ | ኖቬምበር, ኖቬም | ዲሴምበር, ዲሴም; ሰኞ | ማክሰኞ, ማክሰ | ረቡዕ
| ሐሙስ | ዓርብ | ቅዳሜ | እሑድ
"""
