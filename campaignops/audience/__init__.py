"""Recipients as values: what is a number, how it is shown, and tables of them. It knows no files and no PBX.

numbers    E.164, masks, and many numbers in little room
table      rows of a recipient file -> numbers and findings        delimited    CSV text -> rows
"""

from campaignops.audience.delimited import Delimited, Lines
from campaignops.audience.numbers import COUNTRY_HELP, E164, Packed, is_number, mask, mask_all
from campaignops.audience.table import Table, read, split_help, too_many

__all__ = [
    "COUNTRY_HELP",
    "E164",
    "Delimited",
    "Lines",
    "Packed",
    "Table",
    "is_number",
    "mask",
    "mask_all",
    "read",
    "split_help",
    "too_many",
]
