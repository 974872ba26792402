"""LiveCodeBench's packed tests are decoded without running what a pickle may ask for."""

import base64
import io
import json
import os
import pickle
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openqwq.evaluate.benchmarks.packed import Unpackable, unpack
from openqwq.verify import Item, verify_one
from openqwq.verify.code.packed import NotPacked, pack, unpacked


def wrapped(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


class Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class Outside:
    pass


class Persistent(pickle.Pickler):
    def persistent_id(self, value):
        return "outside" if isinstance(value, Outside) else None


@given(st.text(max_size=200), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_text_comes_back_in_every_protocol(text, protocol):
    if protocol == 0 and any(0xD800 <= ord(character) < 0xE000 for character in text):
        return
    assert unpack(wrapped(pickle.dumps(text, protocol))) == text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_does_not(tmp_path, protocol):
    made = tmp_path / "made"
    with pytest.raises(Unpackable, match="it may hold a text alone"):
        unpack(wrapped(pickle.dumps(Runs(made), protocol)))
    with pytest.raises(Unpackable, match="it may hold a text alone"):
        unpack(wrapped(pickle.dumps(["text", Runs(made)], protocol)))
    assert not made.exists()


def test_persistent_objects_are_refused(tmp_path):
    file = io.BytesIO()
    Persistent(file, protocol=4).dump(Outside())
    with pytest.raises(Unpackable, match="outside of it"):
        unpack(wrapped(file.getvalue()))


@pytest.mark.parametrize("value", [1, None, b"bytes", ["a"], {"a": "b"}])
def test_anything_but_a_text_is_refused(value):
    with pytest.raises(Unpackable, match=r"expected a text|a text alone"):
        unpack(wrapped(pickle.dumps(value)))


TORN = base64.b64encode(zlib.compress(b"x" * 9)[:-3]).decode()


@pytest.mark.parametrize("text", ["", "!", "YWJj", wrapped(b""), wrapped(b"\x80"), wrapped(pickle.dumps("x"))[:-8], TORN])
def test_damaged_text_is_refused(text):
    with pytest.raises(Unpackable):
        unpack(text)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_else(data):
    with suppress(Unpackable):
        assert isinstance(unpack(wrapped(data)), str)


TESTS = [{"input": "1\n", "output": "ä\ud800"}, {"args": [[1]], "expected": None}]


def test_tests_of_a_reference_come_back(verdict_of):
    assert unpacked(pack(TESTS)) == TESTS
    assert unpacked(TESTS) is TESTS
    reference = {"style": "stdio", "tests": pack([{"input": "2\n", "output": "4\n"}])}
    assert verdict_of("code", reference, "```python\nprint(2 * int(input()))\n```").outcome == "correct"
    assert verdict_of("code", reference, "```python\nprint(5)\n```").outcome == "incorrect"


@pytest.mark.parametrize("text", ["", "!", "YWJj", pack(TESTS)["zlib"][:-8]])
def test_tests_that_are_damaged_are_the_references_fault(verdict_of, text):
    with pytest.raises(NotPacked):
        unpacked({"zlib": text})
    found = verdict_of("code", {"style": "stdio", "tests": {"zlib": text}}, "```python\nprint(1)\n```")
    assert (found.outcome, found.reason[:10]) == ("unscorable", "reference:")


@pytest.fixture
def verdict_of():
    return lambda verifier, reference, text: verify_one(Item("row", verifier, json.dumps(reference), text))
