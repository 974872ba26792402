"""Sources by name: taken from their file, overridden key by key, refused by name and where nobody pinned them."""

import copy
from pathlib import Path

import pytest
import yaml

from openqwq.config import load
from openqwq.config.registry import known, resolve
from openqwq.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
TINY = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())


def with_sources(*sources):
    config = copy.deepcopy(TINY)
    config["curate"]["sources"] += sources
    return config


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with a `config/sources` of its own, and a function that writes a file there."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "sources"
    folder.mkdir(parents=True)
    return lambda name, text: (folder / f"{name}.yaml").write_text(text)


def test_a_source_is_taken_and_keys_of_it_are_overridden():
    loaded = load(with_sources({"use": "openr1-math", "limit": 8000}, {"use": "openr1-math", "name": "again"}), "my.yaml")
    first, second = loaded.curate.sources[-2:]
    assert (first.name, first.limit, first.id, first.licence) == ("openr1-math", 8000, "open-r1/OpenR1-Math-220k", "Apache-2.0")
    assert (second.name, second.limit) == ("again", None)
    assert "use" not in loaded.model_dump(mode="json")["curate"]["sources"][-1]  # what fingerprints see is the whole source


def test_the_files_of_this_project_are_complete():
    assert len(known()) >= 17
    for name in known():
        source = load(with_sources({"use": name}), "my.yaml").curate.sources[-1]
        assert source.name == name
        assert source.licence != "unknown", name
        assert source.type == "file" or len(source.revision) == 40


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"use": "openr1-maths"}, r"no source 'openr1-maths'\. Did you mean 'openr1-math'\? Known are big-math, "),
        ({"use": "zzz"}, r"no source 'zzz'\. Known are big-math, "),
        ({"use": 7}, "no source 7"),
        ({"use": "deepscaler", "limits": 3}, "unknown key"),
        (
            {"use": "deepscaler", "revision": None},
            "'deepscaler' is not pinned to a revision.*add the one you mean: revision: <40",
        ),
        ({"use": "deepscaler", "revision": "main"}, "revision"),
    ],
)
def test_a_slip_is_named_in_one_line(item, says):
    with pytest.raises(UserError, match=says) as caught:
        load(with_sources(item), "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")
    assert "\n" not in str(caught.value)


def test_a_file_of_ones_own_goes_before(own):
    own("deepscaler", "type: file\npath: x.jsonl\nrole: problems\ndomain: math\nfields: {prompt: q}\n")
    assert load(with_sources({"use": "deepscaler"}), "x").curate.sources[-1].type == "file"
    assert load(with_sources({"use": "xlam"}), "x").curate.sources[-1].type == "hub"


@pytest.mark.parametrize(
    ("text", "says"),
    [("a: [", "not readable as YAML"), ("- 1", "a mapping of keys"), ("use: xlam", "uses no other source"), ("", "a mapping")],
)
def test_a_file_that_is_no_source_is_named(own, text, says):
    own("mine", text)
    with pytest.raises(UserError, match=rf"mine\.yaml: .*{says}"):
        load(with_sources({"use": "mine"}), "x")


@pytest.mark.parametrize("value", [{}, {"curate": 3}, {"curate": {"sources": "all"}}, {"curate": {"sources": [1, None]}}])
def test_what_has_no_sources_is_left_to_validation(value):
    assert resolve(value, "x") == value


def test_the_resolved_configuration_is_a_configuration():
    """Stages get what was resolved, every default written out, and read it again."""
    config = load(with_sources(*({"use": name} for name in known())), "my.yaml")
    again = load(config.model_dump(mode="json"), "again")
    assert again == config
