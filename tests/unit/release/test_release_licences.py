"""Licences that forbid a release stop it, by name; those that are silent wait for a person."""

import pytest
from release_helpers import curate

from openqwq.errors import UserError
from openqwq.release.build import Wishes, prepare
from openqwq.release.licences import base_licence, kind_of


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("Apache-2.0", "free"), ("MIT", "free"), ("CC-BY-4.0", "free"), ("ODC-BY-1.0", "free"), ("CC-BY-SA-3.0", "free"),
        ("Qwen licence (written by Qwen2.5-72B-Instruct)", "free"),
        ("CC-BY-NC-4.0", "forbidden"), ("cc-by-nc-sa-4.0", "forbidden"), ("CC BY-ND 4.0", "forbidden"),
        ("Non-Commercial", "forbidden"), ("cc_by_nc_4.0", "forbidden"), ("CC-BY-NC4.0", "forbidden"),
        ("for research purposes only", "forbidden"), ("Academic use only", "forbidden"), ("only for non-profit use", "forbidden"),
        ("non_commercial", "forbidden"), ("only for academic research", "forbidden"), ("Unlicense", "free"), ("0BSD", "free"),
        ("n/a", "undeclared"), ("None", "undeclared"), ("no license", "undeclared"), ("?", "undeclared"), ("TBD", "undeclared"),
        ("see the card", "undeclared"), ("NCSA", "free"), ("Seed licence", "free"),
        ("research only", "forbidden"), ("All rights reserved", "forbidden"), ("qwen-research", "forbidden"),
        ("not for commercial use", "forbidden"), ("No commercial use", "forbidden"), ("may not be redistributed", "forbidden"),
        ("for research purposes", "forbidden"), ("non\u2013commercial", "forbidden"), ("other (see card)", "undeclared"),
        ("unknown", "undeclared"), ("not declared on the card", "undeclared"), ("", "undeclared"), ("other", "undeclared"),
        ("not declared on the card; made from APPS (MIT)", "undeclared"),
    ],
)  # fmt: skip
def test_kinds(licence, kind):
    assert kind_of(licence) == kind


def test_a_forbidding_licence_stops_the_release_and_is_named(run):
    curate(run, sums="Apache-2.0", kodcode="CC-BY-NC-4.0")
    for accept in (False, True):
        with pytest.raises(UserError, match=r"kodcode \(CC-BY-NC-4.0\) forbids it") as caught:
            prepare(run, Wishes(accept_undeclared=accept))
        assert "sums" not in str(caught.value)


def test_an_undeclared_licence_waits_for_a_person(run):
    curate(run, sums="not declared on the card")
    with pytest.raises(UserError, match=r"no licence is declared for sums.*--accept-undeclared"):
        prepare(run, Wishes())
    assert prepare(run, Wishes(accept_undeclared=True)).facts.data[0].kind == "undeclared"


def test_data_that_a_stage_has_not_seen_does_not_bind_it(run):
    curate(run, kodcode="CC-BY-NC-4.0")  # problems, which the cold start is not trained on
    assert prepare(run, Wishes(stage="coldstart")).facts.data == []
    with pytest.raises(UserError, match="kodcode"):
        prepare(run, Wishes(stage="general"))


def test_a_row_without_licence_has_that_of_its_source(run):
    curate(run, sums=None)  # in config/tiny.yaml Apache-2.0
    assert [one.licence for one in prepare(run, Wishes()).facts.data] == ["Apache-2.0"]


def test_base_models():
    assert base_licence("Qwen/Qwen2.5-32B", None) == "apache-2.0"
    assert base_licence("somebody/model", "MIT") == "mit"
    with pytest.raises(UserError, match="not known here"):
        base_licence("somebody/model", None)
    for given in (None, "apache-2.0"):
        with pytest.raises(UserError, match="forbids it"):
            base_licence("Qwen/Qwen2.5-3B", given)
    with pytest.raises(UserError, match="forbids it"):
        base_licence("somebody/model", "CC-BY-NC-4.0")
    with pytest.raises(UserError, match="known to be licensed under qwen"):
        base_licence("Qwen/Qwen2.5-72B", "apache-2.0")
    assert base_licence("Qwen/Qwen2.5-72B", "Qwen") == "qwen"


def test_another_licence_than_apache_needs_its_text(run, tmp_path):
    with pytest.raises(UserError, match="--licence-file"):
        prepare(run, Wishes(base_licence="mit"))
    (tmp_path / "MIT").write_text("Permission is hereby granted")
    assert prepare(run, Wishes(base_licence="mit", licence_file=tmp_path / "MIT")).licence_text.startswith("Permission")
    with pytest.raises(UserError, match="cannot be read"):
        prepare(run, Wishes(base_licence="mit", licence_file=tmp_path / "absent"))
