"""Recipients as values: what is a number, how it is shown, and tables of them. It knows no files and no PBX.

numbers         E.164, masks, and many numbers in little room
calling_codes   which numbers there can be                      countries   where a number is at home
dialing         numbers as people write them, and what was meant by a wrong one
table           rows -> numbers and findings                    told        what is wrong with rows
delimited       CSV text -> rows
"""

from campaignops.audience.calling_codes import region_of, regions, why_impossible
from campaignops.audience.delimited import Delimited, Lines
from campaignops.audience.numbers import (
    COUNTRY_HELP,
    E164,
    Packed,
    is_number,
    mask,
    mask_all,
    number_of,
    repair,
)
from campaignops.audience.table import Wanted, read, split_help, too_many
from campaignops.audience.told import IMPOSSIBLE_HELP, AsNumber, Table, impossible, not_a_number

__all__ = [
    "COUNTRY_HELP",
    "E164",
    "IMPOSSIBLE_HELP",
    "AsNumber",
    "Delimited",
    "Lines",
    "Packed",
    "Table",
    "Wanted",
    "impossible",
    "is_number",
    "mask",
    "mask_all",
    "not_a_number",
    "number_of",
    "read",
    "region_of",
    "regions",
    "repair",
    "split_help",
    "too_many",
    "why_impossible",
]
