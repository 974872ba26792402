"""Hub sources without a hub, and with a data set that stands in for one."""

import json

import pytest
from data_helpers import make_source

from openqwq.data import sources
from openqwq.data.sources.reading import Reading
from openqwq.errors import UserError

REVISION = "a" * 40


def hub(**values):
    usual = {
        "type": "hub",
        "id": "someone/some-set",
        "revision": REVISION,
        "domain": "math",
        "verifier": "math",
        "fields": {"prompt": "q", "answer": "a"},
    }
    return make_source(**{**usual, **values})


@pytest.fixture
def offline(monkeypatch):
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def test_without_a_hub_there_is_one_clear_line(offline):
    with pytest.raises(UserError) as caught:
        sources.read(hub(), 1, 0.0)
    text = str(caught.value)
    assert "curate.sources.source" in text
    assert f"someone/some-set at revision {REVISION}" in text
    assert "type file" in text
    assert "\n" not in text


def test_rows_are_streamed_mapped_and_limited(monkeypatch):
    import datasets

    asked = {}

    def endless():
        for number in range(10**9):
            yield {"q": f"What is {number} + 1?", "a": number + 1} if number % 3 else {"q": None, "a": 1}

    def load_dataset(path, **options):
        asked.update(options, id=path)
        return datasets.IterableDataset.from_generator(endless)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    rows, malformed = sources.read(hub(limit=30, subset="main", split="test"), 1, 0.5)
    assert (len(rows), len(malformed)) == (20, 10)
    assert (rows[0]["messages"][0]["content"], rows[0]["reference"]) == ("What is 1 + 1?", '{"answer": "2"}')
    assert malformed[0].where == "someone/some-set, row 1"
    assert asked == {"id": "someone/some-set", "name": "main", "split": "test", "revision": REVISION, "streaming": True}


@pytest.mark.parametrize("limit", [None, 2500])
def test_shards_share_the_rows_of_a_set_among_them(tmp_path, monkeypatch, limit):
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"q": f"What is {n} + 1?", "a": n + 1, "turns": [{"role": "user", "content": str(n)}]} for n in range(3000)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part.parquet")
    real = datasets.load_dataset
    monkeypatch.setattr(
        datasets,
        "load_dataset",
        lambda *_args, **_options: real("parquet", data_files=str(tmp_path / "part.parquet"), split="train", streaming=True),
    )
    source = hub(limit=limit, fields={"prompt": "q", "answer": "a", "metadata.turn": "turns.0.content"})
    whole = list(sources.stream(source, 1, 0.0, Reading()))
    assert [number for number, _ in whole] == list(range(limit or 3000))
    parts = [list(sources.stream(source, 1, 0.0, Reading(at, 3))) for at in range(3)]
    assert sorted((item for part in parts for item in part), key=lambda item: item[0]) == whole
    assert [number for number, _ in parts[1][:3]] == [1, 4, 7]
    assert json.loads(whole[7][1]["metadata"])["turn"] == "7"
