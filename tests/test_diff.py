"""Recorded against desired, as named fields: what a reviewer reads, in an order that never varies."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignops.diff import Field, created, fields

AT = {"at": 5, "timezone": "UTC"}


@pytest.mark.parametrize(
    ("recorded", "desired", "changed"),
    [
        ({"name": "a"}, {"name": "b"}, [Field("name", "a", "b")]),
        ({"name": "a"}, {"name": "a", "sender": "+4930"}, [Field("sender", None, "+4930")]),
        ({"name": "a", "sender": "+4930"}, {"name": "a"}, [Field("sender", "+4930", None)]),
        ({"sender": None}, {"sender": "+4930"}, [Field("sender", None, "+4930")]),
        ({"recipients": {"numbers": 3}}, {"recipients": {"numbers": 4}}, [Field("recipients.numbers", 3, 4)]),
        (
            {"message": {"text": "Hi"}},
            {"message": {"file": {"path": "a.pdf"}}},
            [Field("message.file", None, {"path": "a.pdf"}), Field("message.text", "Hi", None)],
        ),
        (
            {"message": {"header": {"image": {"path": "a", "size": 1}}}},
            {"message": {"header": {"image": {"path": "a", "size": 2}}}},
            [Field("message.header.image.size", 1, 2)],
        ),
        ({"header": None}, {"header": {"text": "Hi"}}, [Field("header", None, {"text": "Hi"})]),
        ({"send": "draft"}, {"send": AT}, [Field("send", "draft", AT)]),
        ({"send": AT}, {"send": AT | {"at": 6}}, [Field("send.at", 5, 6)]),
        ({"n": 3}, {"n": "3"}, [Field("n", 3, "3")]),
        ({"n": 1}, {"n": True}, [Field("n", 1, True)]),
        ({"n": 0}, {"n": None}, [Field("n", 0, None)]),
        ({"text": "a\nb"}, {"text": "a\r\nb"}, [Field("text", "a\nb", "a\r\nb")]),
        ({"body": ["a"]}, {"body": {"x": "a"}}, [Field("body", ["a"], {"x": "a"})]),
        ({"name": "a", "text": None}, {"name": "a"}, []),
        ({"name": "a"}, {"name": "a", "text": None}, []),
        ({"name": "a"}, {"name": "a"}, []),
    ],
)
def test_what_changed_is_a_field_with_its_path_and_both_values(recorded, desired, changed):
    assert list(fields(recorded, desired)) == changed


@pytest.mark.parametrize(
    ("recorded", "desired", "changed"),
    [
        (["a", "b"], ["b", "a"], [Field("body.0", "a", "b"), Field("body.1", "b", "a")]),
        (["a", "b"], ["b"], [Field("body.0", "a", "b"), Field("body.1", "b", None)]),
        (["b"], ["a", "b"], [Field("body.0", "b", "a"), Field("body.1", None, "b")]),
        ([], ["a"], [Field("body.0", None, "a")]),
        ([{"x": "1"}, {"x": "2"}], [{"x": "1"}, {"x": "3"}], [Field("body.1.x", "2", "3")]),
    ],
)
def test_the_items_of_a_list_are_the_numbered_places_of_a_template(recorded, desired, changed):
    assert list(fields({"body": recorded}, {"body": desired})) == changed


def test_the_order_is_by_name_and_the_items_of_a_list_are_counted():
    before, after = [str(n) for n in range(12)], [f"{n}!" for n in range(12)]
    changed = fields(
        {"z": 1, "a": {"b": 1}, "a.b": 1, "l": before}, {"z": 2, "a": {"b": 2}, "a.b": 2, "l": after}
    )
    assert [f.path for f in changed] == ["a.b", "a.b", *(f"l.{n}" for n in range(12)), "z"]


def test_of_something_new_every_field_that_says_something_is_listed_in_the_order_of_the_manifest():
    spec = {
        "type": "sms",
        "name": "",
        "sender": None,
        "message": {"text": "Hi", "buttons": {}, "body": []},
        "n": 0,
    }
    listed = [
        Field("type", None, "sms"),
        Field("name", None, ""),
        Field("message.text", None, "Hi"),
        Field("n", None, 0),
    ]
    assert list(created(spec)) == list(fields({}, spec)) == listed
    assert list(created({"body": ["a", "b"]})) == [Field("body", None, ["a", "b"])]


def test_nothing_is_imported_for_a_plan_in_which_nothing_differs():
    code = "import sys, campaignops.planner; print('deepdiff' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


_scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab.[']\n", max_size=3)
_data = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.[']", max_size=3), inner),
    max_leaves=8,
)
_specs = st.dictionaries(st.sampled_from(["name", "message", "send", "a.b", "['x']"]), _data, min_size=1)


@settings(max_examples=50)
@given(recorded=_specs, desired=_specs)
def test_any_two_specs_have_fields_and_the_way_back_is_the_way_there_turned_round(recorded, desired):
    there, back = fields(recorded, desired), fields(desired, recorded)
    assert [(f.path, f.before, f.after) for f in there] == [(f.path, f.after, f.before) for f in back]
    assert all(f.before is not None or f.after is not None for f in there)


@settings(max_examples=50)
@given(spec=_specs)
def test_nothing_differs_from_itself(spec):
    assert fields(spec, spec) == ()


@settings(max_examples=50)
@given(recorded=_specs, desired=_specs)
def test_what_differs_besides_null_is_never_passed_over(recorded, desired):
    assert bool(fields(recorded, desired)) == (_plain(recorded) != _plain(desired))


def _plain(value):
    """As one text that tells 1 from true, without what is null."""
    if isinstance(value, dict):
        return repr({key: _plain(inner) for key, inner in sorted(value.items()) if inner is not None})
    if isinstance(value, list):
        while value and value[-1] is None:
            value = value[:-1]
        return repr([_plain(inner) for inner in value])
    return repr(value)
