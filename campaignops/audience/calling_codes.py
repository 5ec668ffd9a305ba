"""Country calling codes: how many digits a number has behind each, and where it is used. With it, numbers in E.164 are
checked without a library.

TABLE is made of phonenumbers' data by `pytest tests/test_audience_calling_codes.py --update`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import itemgetter

# Code = lengths = regions, the main one first; 001 is no region.
TABLE = """\
1=10=US,AG,AI,AS,BB,BM,BS,CA,DM,DO,GD,GU,JM,KN,KY,LC,MP,MS,PR,SX,TC,TT,VC,VG,VI 20=8-10=EG 211=9=SS
212=9=MA,EH 213=8-9=DZ 216=8=TN 218=9=LY 220=7,9=GM 221=9=SN 222=8=MR 223=8=ML 224=8-9=GN 225=10=CI 226=8=BF
227=8=NE 228=8=TG 229=10=BJ 230=7-8,10=MU 231=7-9=LR 232=8=SL 233=8-9=GH 234=10-14=NG 235=8=TD 236=8=CF
237=8-9=CM 238=7=CV 239=7=ST 240=9=GQ 241=7-8=GA 242=9=CG 243=7-10=CD 244=9=AO 245=7,9=GW 246=7=IO 247=5-6=AC
248=7=SC 249=9=SD 250=8-9=RW 251=9=ET 252=6-9=SO 253=8=DJ 254=7-10=KE 255=9=TZ 256=9=UG 257=8=BI 258=8-9=MZ
260=9=ZM 261=9=MG 262=9=RE,YT 263=7,9-10=ZW 264=8-9=NA 265=7,9=MW 266=8=LS 267=7-8,10=BW 268=8-9=SZ 269=7=KM
27=5-10=ZA 290=4-5=SH,TA 291=7=ER 297=7=AW 298=6=FO 299=6=GL 30=10-12=GR 31=5-11=NL 32=8-9=BE 33=9=FR 34=9=ES
350=8=GI 351=9=PT 352=4-11=LU 353=7-10=IE 354=7,9=IS 355=6-9=AL 356=8=MT 357=8=CY 358=5-12=FI,AX 359=6-9,12=BG
36=8-9=HU 370=8=LT 371=8=LV 372=7-8,10=EE 373=8=MD 374=8=AM 375=6-11=BY 376=6,8-9=AD 377=8-9=MC 378=8,10=SM
380=9-10=UA 381=6-12=RS 382=8-9=ME 383=8-12=XK 385=7-9=HR 386=5-8=SI 387=8-9=BA 389=8=MK 39=6-12=IT,VA
40=6,9=RO 41=9,12=CH 420=9-12=CZ 421=6-7,9=SK 423=7,9=LI 43=4-13=AT 44=7,9-10=GB,GG,IM,JE 45=8=DK
46=6-10,12=SE 47=5,8=NO,SJ 48=6-10=PL 49=4-15=DE 500=5=FK 501=7,11=BZ 502=8,11=GT 503=7-8,11=SV 504=8,11=HN
505=8=NI 506=8,10=CR 507=7-8,10-11=PA 508=6,9=PM 509=8=HT 51=8-9=PE 52=10=MX 53=6-8,10=CU 54=10-11=AR
55=8-11=BR 56=9-11=CL 57=8,10-11=CO 58=10=VE 590=9=GP,BL,MF 591=8-9=BO 592=7=GY 593=8-11=EC 594=9=GF
595=6-11=PY 596=9=MQ 597=6-7=SR 598=4-13=UY 599=7-8=CW,BQ 60=8-10=MY 61=5-10,12=AU,CC,CX 62=7-17=ID
63=6,8-13=PH 64=5-10=NZ 65=8,10-11=SG 66=8-10,13=TH 670=7-8=TL 672=6=NF 673=7=BN 674=7=NR 675=7-8=PG
676=5,7=TO 677=5,7=SB 678=5,7=VU 679=7,11=FJ 680=7=PW 681=6,9=WF 682=5=CK 683=4,7=NU 685=5-7,10=WS 686=5,8=KI
687=6=NC 688=5-7=TV 689=6,8-9=PF 690=4-7=TK 691=7=FM 692=7=MH 7=10,14=RU,KZ 800=8=001 808=8=001 81=8-17=JP
82=5-6,8-14=KR 84=7-10=VN 850=8,10=KP 852=5-9,11=HK 853=7-8=MO 855=8-10=KH 856=8-10=LA 86=7-12=CN 870=9,12=001
878=12=001 880=6-10=BD 881=9-10=001 882=7-12=001 883=8-12=001 886=7-11=TW 888=11=001 90=7,10,12-13=TR
91=8-13=IN 92=8-12=PK 93=9=AF 94=9=LK 95=6-10=MM 960=7,10=MV 961=7-8=LB 962=8-9=JO 963=8-9=SY 964=8-10=IQ
965=7-8=KW 966=9-10=SA 967=7-9=YE 968=7-9=OM 970=8-10=PS 971=5-12=AE 972=7-12=IL 973=8=BH 974=7-9,11=QA
975=7-8=BT 976=8-10=MN 977=8,10-11=NP 979=9=001 98=4-7,10=IR 992=9=TJ 993=8=TM 994=9=AZ 995=9=GE 996=9-10=KG
998=9=UZ
"""
_BEGINNING = itemgetter(slice(3))


def why_impossible(number: str) -> str | None:
    """Why there can be no such number, which is in E.164; None when there may be one."""
    if is_possible(number[1:]):
        return None
    for code, lengths, _ in _rows():
        if number.startswith(f"+{code}"):
            have = f"+{code} is followed by {_or(lengths)} digits"
            return f"{have}, and here by {len(number) - len(code) - 1}"
    return f"no country has the code +{number[1:4]}"


def is_possible(digits: str) -> bool:
    """Whether numbers with this country code have so many digits. `digits` of a number in E.164, without the +."""
    return bool(_possible_lengths()[int(digits[:3])] >> len(digits) & 1)


def are_possible(numbers: Sequence[str]) -> bool:
    """`is_possible` for each: a list has few beginnings and lengths, and each pair of them is looked at once."""
    pairs = set(zip(map(_BEGINNING, numbers), map(len, numbers), strict=True))
    return all(_possible_lengths()[int(beginning)] >> length & 1 for beginning, length in pairs)


def region_of(number: str) -> str | None:
    """The main region of the country code of a number in E.164, such as DE."""
    main = _main_regions()
    return next((main[number[1:end]] for end in (2, 3, 4) if number[1:end] in main), None)


@cache
def _main_regions() -> dict[str, str]:
    return {code: used[0] for code, _, used in _rows() if used[0] != "001"}


@cache
def regions() -> frozenset[str]:
    """All regions with a numbering plan, by their two letters (ISO 3166)."""
    return frozenset(region for _, _, used in _rows() for region in used) - {"001"}


@cache
def _possible_lengths() -> list[int]:
    """By the first three digits, a set of lengths: bit 12 for twelve digits."""
    found = [0] * 1000
    for code, lengths, _ in _rows():
        bits = sum(1 << (len(code) + length) for length in lengths)
        for rest in range(10 ** (3 - len(code))):
            found[int(code) * 10 ** (3 - len(code)) + rest] = bits
    return found


def _rows() -> Iterator[tuple[str, list[int], list[str]]]:
    for row in TABLE.split():
        code, lengths, used = row.split("=")
        yield code, list(_numbers(lengths)), used.split(",")


def _numbers(written: str) -> Iterator[int]:
    """7, 9, 10 of 7,9-10."""
    for part in written.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _or(lengths: Iterable[int]) -> str:
    *most, last = map(str, lengths)
    return f"{', '.join(most)} or {last}" if most else last
