"""Macros and texts from `_*.j2` files: found in the project only, bounded, and wrong where they are wrong."""

from __future__ import annotations

import time

import pytest

from campaignops.manifest.assets import Assets
from campaignops.manifest.jinja.render import Renderer, Unrendered
from campaignops.model import Text
from tests.manifest_folder import SMS, places, read_text, sms, write

TEXTS = """\
{% set signature = "Your " ~ brand %}
{% macro greeting(name, formal=false) %}
{{ 'Dear' if formal else 'Hi' }} {{ name }}, {{ brand }} here.
{%- endmacro %}
"""
SETTINGS = "pbx: {url: sandbox}\nvars: {brand: SmartMal}\n"
GREET = "{% from '_texts.j2' import greeting %}{{ greeting('Ada') }}"


def of(root, text="", **scope):
    return Renderer(Assets(str(root))).text(text, {"brand": "SmartMal", **scope})


def wrong(root, text):
    with pytest.raises(Unrendered) as caught:
        of(root, text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GREET, "Hi Ada, SmartMal here."),
        ("{% import '_texts.j2' as t %}{{ t.greeting('A', formal=true) }}", "Dear A, SmartMal here."),
        ("{% from '_texts.j2' import signature %}{{ signature }}", "Your SmartMal"),
        ("{% include '_parts/_end.j2' %}", "Bye from SmartMal"),
    ],
)
def test_what_is_written_once_is_used_by_name(tmp_path, text, expected):
    write(tmp_path, **{"_texts.j2": TEXTS, "_parts/_end.j2": "Bye from {{ brand }}"})
    assert of(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "code", "message", "help"),
    [
        ("{% include '_txts.j2' %}", "CMP113", "there is no file `_txts.j2`", "did you mean `_texts.j2`?"),
        ("{% include '_txts.j2' ignore missing %}", "CMP113", "there is no file `_txts.j2`", "did you mean"),
        ("{% include '../_texts.j2' %}", "CMP114", "leads outside", "copy the file into the project"),
        ("{% include '/etc/_passwd.j2' %}", "CMP114", "not a path inside the project", "copy the file"),
        ("{% include 'secret.txt' %}", "CMP114", "only files named _….j2", "call it _secret.txt.j2"),
        ("{% include '_out.j2' %}", "CMP114", "leads outside", "copy the file into the project"),
        ("{% include '_binary.j2' %}", "CMP117", "is not UTF-8 text", "save the file as UTF-8"),
        ("{% include '_large.j2' %}", "CMP102", "`_large.j2` has", None),
        ("{% from '_texts.j2' import greting %}{{ greting() }}", "CMP111", "`_texts.j2` has no `greting`",
         "did you mean `greeting`?"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported(tmp_path, text, code, message, help):
    root = write(tmp_path / "project", **{"_texts.j2": TEXTS, "secret.txt": "x", "_binary.j2": b"\xff\0"})
    write(tmp_path, **{"_texts.j2": "outside"})
    write(root, **{"_large.j2": "x" * 100_001})
    (root / "_out.j2").symlink_to("../_texts.j2")
    problem = wrong(root, text)
    assert (problem.code, message in problem.message) == (code, True)
    assert problem.help is help or (problem.help or "").startswith(help)


def test_without_a_project_nothing_is_imported():
    with pytest.raises(Unrendered) as caught:
        Renderer().text("{% include '_texts.j2' %}", {})
    assert caught.value.message == "nothing can be imported here"


# names


@pytest.mark.parametrize(
    ("text", "word", "help"),
    [
        ("{{ shop.nmae }}", "nmae", "did you mean `name`?"),
        ("{{ shop['nmae'] }}", "nmae", "did you mean `name`?"),
        ("{{ shop.city.strete }}", "strete", "did you mean `street`?"),
        ("{% for town in shops %}{{ twon.name }}{% endfor %}", "twon", "did you mean `town`?"),
        ("{% for town in shops %}{{ town.nmae }}{% endfor %}", "nmae", "did you mean `name`?"),
        ("{% set total = 5 %}{{ totla }}", "totla", "did you mean `total`?"),
        ("{% from '_texts.j2' import greeting %}{{ greetin('a') }}", "greetin", "did you mean `greeting`?"),
    ],
)
def test_the_name_that_was_meant_is_offered(tmp_path, text, word, help):
    write(tmp_path, **{"_texts.j2": TEXTS})
    shop = {"name": "Mitte", "city": {"street": "A"}}
    with pytest.raises(Unrendered) as caught:
        of(tmp_path, text, shop=shop, shops=[shop])
    assert (caught.value.code, caught.value.word, caught.value.help) == ("CMP111", word, help)


# places


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (TEXTS.replace("{{ brand }}", "{{ brnad }}"), ("CMP111", 3, 49)),
        (TEXTS.replace("{%- endmacro %}", ""), ("CMP112", 2, 1)),
        (TEXTS.replace("'Hi'", "1 / 0"), ("CMP112", 3, 1)),
    ],
)
def test_what_is_wrong_in_an_imported_file_is_found_there_once(tmp_path, texts, expected):
    write(tmp_path, **{"_texts.j2": texts, "b.yaml": sms(message=f'{{text: "{GREET}"}}', name="b")})
    text = sms(message=f'{{text: "{GREET}"}}').replace("hello", "other")
    _, findings = read_text(tmp_path, text, settings=SETTINGS)
    assert [(f.code, f.place.line, f.place.column) for f in findings if f.place] == [expected]
    assert findings[0].place is not None
    assert (findings[0].place.file, findings[0].note) == ("_texts.j2", "used by `other` and `hello`")


def test_a_var_and_a_template_import_too(tmp_path):
    write(tmp_path, **{"_texts.j2": TEXTS})
    text = f'vars: {{hi: "{GREET}"}}\n' + sms(message="{text: '{{ hi }}'}")
    campaigns, findings = read_text(tmp_path, text, settings=SETTINGS)
    assert (findings, campaigns[0].message) == ([], Text("Hi Ada, SmartMal here."))
    template = SMS.replace("Hello", f'"{GREET}"').replace("hello", "templated")
    write(tmp_path, **{"a.yaml": ""})
    campaigns, findings = read_text(tmp_path, template, "b.yaml.j2", settings=SETTINGS)
    assert campaigns[0].message == Text("Hi Ada, SmartMal here.")
    write(tmp_path, **{"_texts.j2": TEXTS.replace("{{ brand }}", "{{ brnad }}"), "a.yaml": SMS})
    _, findings = read_text(tmp_path, template, "b.yaml.j2", settings=SETTINGS)
    assert [(str(f.place), f.note) for f in findings] == [("_texts.j2:3:49", "imported by b.yaml.j2")]


def test_places_behind_an_include_stay_right(tmp_path):
    write(tmp_path, **{"_fields.j2": "    channel: Main SMS\n    session: direct\n"})
    text = "campaigns:\n  a:\n    type: sms\n{% include '_fields.j2' %}\n    send: drfat\n"
    _, findings = read_text(tmp_path, text, "a.yaml.j2")
    assert ("CMP109", 5, 11) in places(findings)


# what is hostile

HOSTILE = {
    "itself": {"_a.j2": "{% include '_a.j2' %}"},
    "each other": {"_a.j2": "{% include '_b.j2' %}", "_b.j2": "{% include '_a.j2' %}"},
    "its parent": {"_a.j2": "{% extends '_a.j2' %}"},
    "twice as often": {
        **{f"_a{n}.j2": f"{{% include '_a{n + 1}.j2' %}}" * 2 for n in range(40)},
        "_a.j2": "{% include '_a0.j2' %}",
        "_a40.j2": "x",
    },
    "a loop": {"_a.j2": "{% for i in range(9999) %}{% include '_b.j2' %}{% endfor %}", "_b.j2": "x" * 90_000},
    "a macro": {
        "_a.j2": "{% from '_b.j2' import m %}{% for i in range(9999) %}{% set x = m() %}{% endfor %}",
        "_b.j2": "{% macro m() %}" + "x" * 90_000 + "{% endmacro %}",
    },
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_hostile_imports_end_quickly_with_a_finding(tmp_path, files):
    begun = time.process_time()
    assert wrong(write(tmp_path, **files), "{% include '_a.j2' %}").code == "CMP112"
    assert time.process_time() - begun < 10  # CPU seconds, also under coverage


# What let templates out of Jinja's sandbox once: str.format and format_map, called directly, by way of a filter or of
# a stored reference; |attr; attributes with underscores; names of files that become code.
ESCAPES = [
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{x.__class__}'.format_map({'x': 1}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ ('{0.__class__}' | attr('format'))(1) }}",
    "{{ (['{0.__class__}'] | map(attribute='format') | first)(1) }}",
    "{{ '' | attr('__class__') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ [''] | map(attribute='__class__') | list | length ~ ([''] | map(attribute='__class__') | first) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ range.__self__.loader }}",
    "{{ range.__func__.__globals__ }}",
    "{{ dict.__base__.__subclasses__() }}",
    "{{ namespace.__init__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "{{ joiner.__init__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__.os }}",
    "{{ {} | xmlattr }}",
    "{{ 'x' | urlize }}",
    '{% include "_{0}\\"+str(1)+\\".j2" %}',
    "{% set x = namespace() %}{% set x.__class__ = 1 %}{{ x.__class__ }}",
    "{{ [].append(1) }}",
    "{{ {}.update(a=1) }}",
]


@pytest.mark.parametrize("text", ESCAPES, ids=range(len(ESCAPES)))
def test_no_way_out_of_the_sandbox(tmp_path, text):
    problem = wrong(tmp_path, text)
    assert problem.code in ("CMP111", "CMP112", "CMP113")
    assert not any(word in problem.message for word in ("<class", "object at", "/usr", "site-packages"))
