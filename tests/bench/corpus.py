"""The projects that are measured: one campaign a file, 25 lines and about 650 bytes, as people write them."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "campaigns"

# Two of three by WhatsApp with a template, a picture and two expressions; one of three by SMS with an assignee. They
# name what the sandbox's demo seed has: 2 channels, 1 template, 1 extension, 1 picture.
_WHATSAPP = """\
# Spring sale in region {region}, by WhatsApp.
vars:
  discount: {discount}
campaigns:
  spring-sale-{i:06d}:
    type: whatsapp
    name: Spring sale {i:06d}
    channel: Shop WhatsApp
    recipients:
      numbers:
        - "+4474000{i:05d}"
        - "+4474001{i:05d}"
        - "+4474002{i:05d}"
    message:
      template: discount_campaign
      language: en
      header: {{image: assets/demo.jpeg}}
      body:
        customertier: VIP
        offertype: discount
        offerdetails: "{{{{ discount }}}}% off for all products"
        expirydate: July 31, 2060
        companyname: "{{{{ brand }}}}"
    send: {{at: "2060-07-{day:02d} 18:06", timezone: Europe/Berlin}}
    session: direct
"""
_SMS = """\
# Spring sale in region {region}, by SMS.
vars:
  discount: {discount}
campaigns:
  spring-sale-{i:06d}:
    type: sms
    name: Spring sale {i:06d}
    channel: Main SMS
    sender: "+12025550100"
    recipients:
      numbers:
        - "+4474000{i:05d}"
        - "+4474001{i:05d}"
        - "+4474002{i:05d}"
    message:
      text: |
        Summer at {{{{ brand }}}}: up to {{{{ discount }}}}% off, from Monday to Saturday.
        We open at nine, and there is coffee.
    send:
      at: "2060-07-{day:02d} 18:06"
      timezone: Europe/Berlin
    session:
      assign_to:
        extension: "1002"
"""
_FILES_PER_FOLDER = 1000


def write(root: Path, count: int, url: str = "sandbox") -> Path:
    """A project of `count` manifests in the new folder `root`, for the PBX at `url`."""
    (root / "assets").mkdir(parents=True)
    (root / "assets" / "demo.jpeg").write_bytes((SAMPLE / "assets" / "demo.jpeg").read_bytes())
    (root / "campaignops.yaml").write_text(f"pbx: {{url: '{url}'}}\nvars: {{brand: SmartMal}}\n")
    for i in range(count):
        folder = root / f"{i // _FILES_PER_FOLDER:03d}"
        if i % _FILES_PER_FOLDER == 0:
            folder.mkdir()
        (folder / f"c{i:06d}.yaml").write_text(_manifest(i))
    return root


_SPLIT = """\
campaigns:
  spring-sale:
    type: sms
    channel: Main SMS
    sender: "+12025550100"
    recipients: {file: people.csv, split: 1000}
    message: {text: Up to half off.}
    send: draft
    session: direct
"""


def write_list(root: Path, count: int) -> Path:
    """A project of one campaign to `count` people, each a row of three columns in no order, cut into parts."""
    root.mkdir(parents=True)
    (root / "campaignops.yaml").write_text("pbx: {url: sandbox}\n")
    (root / "sale.yaml").write_text(_SPLIT)
    with (root / "people.csv").open("w") as file:
        file.write("name,phone,city\n")
        file.writelines(
            f"Ada {i},+49151{i * 7_654_321 % 100_000_007:08},Berlin\n" for i in range(1, count + 1)
        )
    return root


_GUARDED = """\
campaigns:
  sale-{i}:
    type: sms
    channel: Main SMS
    sender: "+12025550100"
    recipients: {{file: people/{i}.csv}}
    message: {{text: "Week {i}: up to half off."}}
    send: {{at: "2060-{month:02d}-{day:02d} 17:00", timezone: Europe/Berlin}}
    session: direct
"""
_GUARDRAILS = """\
guardrails:
  max_recipients: {per_campaign: 1000}
  quiet_hours: "23:00-06:00"
  quiet_days: [12-25]
  countries: [DE, US, FR]
  frequency: {per: 1h, max: 9}
  cost_per_part: 0.07
"""
_NUMBERS = ("+49151{:08}", "+1212{:07}", "+336{:08}")


def write_guarded(root: Path, count: int) -> Path:
    """A project of `count` campaigns to 1,000 people each, in three countries, with guardrails that let all by."""
    (root / "people").mkdir(parents=True)
    (root / "campaignops.yaml").write_text(f"pbx: {{url: sandbox}}\n{_GUARDRAILS}")
    for i in range(count):
        (root / f"c{i}.yaml").write_text(_GUARDED.format(i=i, month=1 + i % 11, day=1 + i % 28))
        numbers = (_NUMBERS[n % 3].format((i * 1000 + n) * 7_919 % 10_000_000) for n in range(1000))
        (root / "people" / f"{i}.csv").write_text("\n".join(["phone", *numbers]) + "\n")
    return root


_MISTAKES = (
    ("session:", "sesion:"),
    ("{{ discount }}", "{{ discont }}"),
    ("Europe/Berlin", "Europe/Berln"),
    ('"+4474001', '"004474001'),
)


def spoil(root: Path) -> Path:
    """A mistake in each manifest of a project, of four kinds in turn."""
    for i, path in enumerate(sorted(root.glob("*/*.yaml"))):
        path.write_text(path.read_text().replace(*_MISTAKES[i % len(_MISTAKES)], 1))
    return root


def _manifest(i: int) -> str:
    form = _WHATSAPP if i % 3 else _SMS
    return form.format(i=i, region=i % 7, discount=10 + i % 40, day=1 + i % 28)
