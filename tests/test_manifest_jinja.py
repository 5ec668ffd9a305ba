"""Jinja: pure, fenced, and its errors at the author's own line."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignops.manifest.jinja.render import Renderer, Unrendered
from campaignops.model import Text
from tests.manifest_folder import SMS, places, read_text, sms, write

SCOPE = {"n": 5, "t": True, "name": "Ada", "items": ["a", "b"], "m": {"k": "v", "n": 2}, "e": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no marks { } %", "no marks { } %"),
        ("{{ n }}", "5"),
        ("{{n}}{{ name }}!", "5Ada!"),
        ("{{ t }}", "true"),
        ("{{ n + 1 }}", "6"),
        ("{{ name ~ n ~ t }}", "Ada5true"),
        ("{{ m.k }} {{ m['n'] * 2 }}", "v 4"),
        ("{{ items | join(', ') }} {{ items | length }}", "a, b 2"),
        ("{% for i in items %}{{ loop.index }}/{{ loop.length }}{{ i }} {% endfor %}", "1/2a 2/2b "),
        ("{% if t %}yes{% else %}no{% endif %}", "yes"),
        ("{# a note #}x", "x"),
        ("{{ e | default('-', true) }}", "-"),
        ("{{ nothing | default('-') }}", "-"),
        ("{{ '%.2f' | format(n) }} {{ '%s' % name }}", "5.00 Ada"),
        ("{{ 7 // 2 }} {{ 3.14159 | round(2) }}", "3 3.14"),
        ("{{ m | tojson }}", '{"k": "v", "n": 2}'),
        ("{{ '<b>' }}", "<b>"),
        ("{{ 'a-b' | replace('-', '+') }} {{ name.upper() }} {{ '-'.join(items) }}", "a+b ADA a-b"),
        ("{% raw %}{{ n }}{% endraw %}", "{{ n }}"),
        ("{{ n }}\n", "5\n"),
        ("{% set x = 1 %}{{ x }}", "1"),
        ("{% macro hi(x) %}Hi {{ x }}{% endmacro %}{{ hi(name) }}", "Hi Ada"),
    ],
)
def test_expressions(text, expected):
    assert Renderer().text(text, SCOPE) == expected


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("{{ nmae }}", "CMP111", "nmae"),
        ("{{ nothing + 1 }}", "CMP111", "nothing"),
        ("{{ m.absent }}", "CMP111", "absent"),
        ("{% for i in absent %}{% endfor %}", "CMP111", "absent"),
        ("{{ e }}", "CMP112", None),
        ("{{ items }}", "CMP112", None),
        ("{{ n + name }}", "CMP112", None),
        ("{{ 1 / 0 }}", "CMP112", None),
        ("{{ n", "CMP112", None),
        ("{% if n %}", "CMP112", None),
        ("{{ n | uper }}", "CMP112", "uper"),
        ("{% include 'x' %}", "CMP112", None),
        ("{{ ().__class__.__mro__ }}", "CMP112", None),
        ("{{ name.upper }}", "CMP112", None),
        ("{{ range }}", "CMP112", None),
        ("{{ lipsum() }}", "CMP111", "lipsum"),
        ("{{ items | random }}", "CMP112", "random"),
        ("{{ now() }}", "CMP111", "now"),
        ("{{ '\\ud83d' }}", "CMP112", None),
        ("{{ items.append('c') }}", "CMP112", None),
    ],
)
def test_wrong_expressions(text, code, word):
    with pytest.raises(Unrendered) as caught:
        Renderer().text(text, SCOPE)
    assert (caught.value.code, caught.value.word) == (code, word)
    assert "object" not in caught.value.message
    assert "'str'" not in f"{caught.value.message} {caught.value.help}"


def test_a_name_that_is_nearly_right_is_suggested():
    with pytest.raises(Unrendered) as caught:
        Renderer().text("{{ nmae }}", SCOPE)
    assert caught.value.help == "did you mean `name`?"


_DOUBLING = "".join(f"{{% set a{n + 1} = a{n} ~ a{n} ~ a{n} %}}" for n in range(40))

HOSTILE = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ [1] * 10**9 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 2 ** 0.5 ** -99999 }}",
    "{{ range(10**9) | list }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{{ range(9999) | sort | list | length }}{% endfor %}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ ('a' * 90000).replace('a', 'b' * 90000) }}",
    "{{ ('a' * 90000) | replace('a', 'b' * 90000) }}",
    "{{ ('a' * 90000).join(range(9999) | map('string')) }}",
    "{{ range(9999) | join('a' * 90000) }}",
    "{{ (5).to_bytes(10**9, 'big') }}",
    "{{ 1.5 | round(10**9) }}",
    "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% set a0 = 'aaaaaaaaaa' %}" + _DOUBLING,
    "{% set ns = namespace(x='aaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "-" * 3000 + "1 }}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_expression_ends_quickly_with_a_finding(text):
    begun = time.process_time()
    with pytest.raises(Unrendered) as caught:
        Renderer().text(text, SCOPE)
    assert caught.value.code == "CMP112"
    assert time.process_time() - begun < 10  # CPU seconds, also under coverage


_pieces = st.sampled_from(
    [
        "{{ n }}",
        "{{ name }}",
        "{{ t }}",
        "{{n}}",
        "{{ n + 1 }}",
        "x",
        " ",
        "\n",
        "\r\n",
        "{",
        "}",
        "}}",
        "{{ m.k }}",
        "{{",
        "é",
        "{%",
    ]
)


@given(st.lists(_pieces, max_size=8).map("".join))
def test_rendering_is_pure_and_the_short_way_is_jinjas_way(text):
    def outcome(render):
        try:
            return render()
        except Unrendered as problem:
            return problem.code, problem.message, problem.help

    renderer = Renderer()
    first = outcome(lambda: renderer.text(text, SCOPE))
    assert outcome(lambda: renderer.text(text, SCOPE)) == first
    if "{{" in text or "{%" in text:
        expressions = Renderer().expressions
        assert outcome(lambda: expressions.render(expressions.compile(text), SCOPE)) == first


def test_jinja_is_imported_for_the_first_expression_only(tmp_path):
    write(
        tmp_path,
        a="vars: {x: 1}\n" + sms(message="{text: '{{ x }} %s'}"),
        campaignops="pbx: {url: sandbox}\n",
    )
    program = (
        "import sys, pathlib; from campaignops import manifest\n"
        f"project = manifest.load_project(pathlib.Path({str(tmp_path)!r}))\n"
        "assert len(list(manifest.read(project))) == 1 and 'jinja2' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


# in a manifest


def test_an_undefined_name_is_found_where_it_stands(tmp_path):
    text = sms(message="\n      text: |\n        Dear {{ n }},\n        buy {{ thing }} now\n")
    _, findings = read_text(tmp_path, "vars: {n: 1}\n" + text)
    assert places(findings) == [("CMP111", 10, 16)]
    assert findings[0].place is not None
    assert findings[0].place.width == 5


def test_a_rendered_value_cannot_break_the_yaml(tmp_path):
    campaigns, findings = read_text(
        tmp_path, 'vars: {x: "a: [b\\n  c: {{ n }}"}\n' + sms(message="{text: '{{ x }}'}")
    )
    assert places(findings) == [("CMP111", 1, 27)]
    campaigns, findings = read_text(
        tmp_path, 'vars: {x: "a: [b\\n  c: }"}\n' + sms(message="{text: '{{ x }}'}")
    )
    assert findings == []
    assert campaigns[0].message == Text("a: [b\n  c: }")


def test_a_text_that_cannot_be_rendered_is_not_also_wrong(tmp_path):
    text = sms(recipients="{numbers: ['{{ number }}']}", send="{at: '{{ when }}'}", type="'{{ kind }}'")
    _, findings = read_text(tmp_path, text)
    assert places(findings) == [("CMP111", 3, 15), ("CMP111", 5, 32), ("CMP111", 7, 20)]


def test_values_of_vars_may_use_those_above_them(tmp_path):
    text = "vars: {a: 1, b: '{{ a }}2', c: ['{{ b }}3']}\n" + sms(message="{text: '{{ c[0] }}'}")
    assert read_text(tmp_path, text)[0][0].message == Text("123")


# templates

LOOP = """\
campaigns:
{% for lang, text in {'de': 'Hallo', 'fr': 'Salut'} | dictsort %}
  hello-{{ lang }}:
    type: sms
    channel: {{ channel }}
    recipients:
      numbers: ["+8613800001111"]
    message: {text: "{{ text }} {% raw %}{{ kept }}{% endraw %}"}
    send: draft
    session: direct
{% endfor %}
"""
SETTINGS = "pbx: {url: sandbox}\nvars: {channel: Main SMS}\n"


def test_a_name_that_is_missing_needs_no_jinja():
    renderer = Renderer()
    with pytest.raises(Unrendered) as problem:
        renderer.text("Up to {{ discont }}%", {"discount": 1})
    assert (problem.value.code, problem.value.help) == ("CMP111", "did you mean `discount`?")
    assert renderer._expressions is None
    assert renderer.text("{{ true }}", {}) == "true"


def test_a_template_makes_many_campaigns_and_its_values_are_rendered_once(tmp_path):
    campaigns, findings = read_text(tmp_path, LOOP, "a.yaml.j2", settings=SETTINGS)
    assert findings == []
    assert [(c.key, c.message, str(c.place)) for c in campaigns] == [
        ("hello-de", Text("Hallo {{ kept }}"), "a.yaml.j2:3:3"),
        ("hello-fr", Text("Salut {{ kept }}"), "a.yaml.j2:3:3"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("send: draft", "send: drfat", [("CMP109", 9, 11)]),
        ("type: sms", "tpye: sms", [("CMP106", 3, 3), ("CMP104", 4, 5)]),
        ("{{ channel }}", "{{ chanel }}", [("CMP111", 5, 17)]),
        ("{{ channel }}", "[{{ channel }}]", [("CMP107", 5, 5)]),
        ("{{ channel }}", "[{{ channel }}", [("CMP101", 5, 14)]),
        ("+8613800001111", "123", [("CMP105", 7, 17)]),
        ("'Salut'", "1 / 0", [("CMP112", 2, 1)]),
        ("{% endfor %}", "{% endfr %}", [("CMP112", 11, 1)]),
        ("'fr'", "'de '", [("CMP103", 3, 3)]),
        ("    send: draft", "    for_each: [a]", [("CMP116", 9, 5)]),
        ("campaigns:", "vars: {a: 1}\ncampaigns:", [("CMP116", 1, 1)]),
    ],
)
def test_errors_of_a_template_name_its_own_line(tmp_path, before, after, expected):
    _, findings = read_text(tmp_path, LOOP.replace(before, after, 1), "a.yaml.j2", settings=SETTINGS)
    assert places(findings) == expected


@pytest.mark.parametrize("data", ["{{ n }}".encode("utf-16"), b"a: \xe9", b"a: \0"])
def test_a_template_is_utf8(tmp_path, data):
    _, findings = read_text(tmp_path, data, "a.yaml.j2")
    assert [f.code for f in findings] == ["CMP117"]


def test_a_value_of_many_lines_keeps_the_lines_behind_it_right(tmp_path):
    text = "{% set poem = 'a\\n        b\\n        c' %}\n" + SMS.replace(
        "{text: Hello}", "\n      text: |\n        {{ poem }}"
    )
    _, findings = read_text(tmp_path, text.replace("send: draft", "send: x"), "a.yaml.j2")
    assert places(findings) == [("CMP109", 10, 11)]


def test_a_template_that_makes_too_much_is_stopped(tmp_path):
    text = "{% for a in range(9999) %}{% for b in range(9999) %}\n# x{% endfor %}{% endfor %}"
    _, findings = read_text(tmp_path, text, "a.yaml.j2")
    assert [f.code for f in findings] == ["CMP112"]
