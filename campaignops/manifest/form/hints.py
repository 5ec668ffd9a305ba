"""What to write in a field, in words, for findings: what it may hold, and what stands there when it is missing."""

from __future__ import annotations

from campaignops.manifest.form import guardrails

# What a field may hold. Paths with * for any item or name.
FORMS = {
    "": "fields: `type`, `channel`, `recipients`, `message`, `send` and `session`",
    "channel": "a channel's name, or {id: 7}",
    "sender": "an E.164 number in quotes, or {id: 7}",
    "recipients": "{numbers: […]}, {file: …} or {phonebook: …, field: …}",
    "recipients.numbers": "a list of E.164 numbers, each in quotes",
    "recipients.numbers.*": 'a number, written "+…"',
    "recipients.phonebook": "a phonebook's name, or {id: 7}",
    "recipients.field": "one of the nine number fields of a contact, such as mobile_number",
    "message": "{text: …} or {file: …} for sms, {template: …, language: …} for whatsapp",
    "message.file": "a path in the project, or {uploaded: {…}}",
    "message.header": "{text: …}, {image: …}, {video: …} or {document: …}",
    "message.header.image": "a path in the project, or {uploaded: {…}}",
    "message.header.video": "a path in the project, or {uploaded: {…}}",
    "message.header.document": "a path in the project, or {uploaded: {…}}",
    "message.template": "a template's name, or {id: 7}",
    "message.body": "names with values such as {name: Ada}, or a list of values such as [Ada, Friday]",
    "message.buttons": "the labels of buttons with their values, such as {Track it: ABC123}",
    "recipients.split": "a number of people for each campaign, such as 1000",
    "environments": "names with settings, such as {production: {pbx: {url: …}}}",
    "send": '`draft`, `now`, or {at: "2030-07-30 18:06", timezone: Europe/Berlin}',
    "session": "`direct`, {assign_to: {extension: …}} or {assign_to: {queue: …}}",
    "session.assign_to": "{extension: …} or {queue: …}",
    "session.assign_to.extension": "an extension's number, or {id: 7}",
    "session.assign_to.queue": "a message queue's name, or {id: 7}",
    "moved": "{from: old-key}",
    "prevent_delete": "`true` or `false`",
    "test_numbers": "a list of E.164 numbers, each in quotes",
    "test_numbers.*": 'a number, written "+…"',
    "pbx": "written such as {url: sandbox}",
    **guardrails.FORMS,
}


# What to write for a field that is missing, where its form alone does not say what each choice does.
TO_PASTE: dict[tuple[str | int, ...], str] = {
    (
        "send",
    ): 'send: draft (sent to nobody), send: now, or send: {at: "2030-07-30 18:06", timezone: Europe/Berlin}',
    (
        "session",
    ): "session: direct (no chat is opened), or session: {assign_to: {queue: …}} (somebody answers)",
    (
        "recipients",
    ): 'recipients: {numbers: ["+…"]}, {file: audiences/vip.csv}, or {phonebook: …, field: mobile_number}',
    ("message", "language"): "language: en, or another one that the template has",
}
SKELETON = (
    'type: sms, channel: …, recipients: {numbers: ["+…"]}, message: {text: "…"}, send: draft, session: direct'
)
