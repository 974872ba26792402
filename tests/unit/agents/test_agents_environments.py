"""The four environments: what their tools do, what they refuse, and that no input can hang or blow them."""

import contextlib
import json
import time

import pytest
from agents_helpers import made, problem

from openqwq.agents.environment import BadTask, ToolError, not_a_tool, tool_names, tool_schemas
from openqwq.agents.environments.files import MAX_CHARACTERS, MAX_ENTRIES, Files
from openqwq.agents.environments.orders import MAX_NEW, MAX_QUANTITY
from openqwq.agents.registry import ENVIRONMENTS, find
from openqwq.errors import UserError

SHOP = {
    "customers": {"C1": {"name": "Mara Holberg"}, "C2": {"name": "Telin Ostley"}},
    "products": {"P1": {"name": "blue lamp", "price": 9, "stock": 5}},
    "orders": {
        "O1001": {"customer_id": "C1", "product_id": "P1", "quantity": 2, "status": "open"},
        "O1002": {"customer_id": "C2", "product_id": "P1", "quantity": 1, "status": "shipped"},
    },
    "returns": {},
}


def files(before, expected=None, folders=()):
    return made("files", {"files": before, "expected": before if expected is None else expected, "folders": list(folders)})


def shop(**expected):
    return made("orders", {**SHOP, "expected": expected})


def test_every_tool_has_a_schema_with_every_argument_described():
    for environment in ENVIRONMENTS.values():
        schemas = tool_schemas(environment)
        assert [schema["function"]["name"] for schema in schemas] == tool_names(environment)
        assert not {"score", "close", "reset"} & set(tool_names(environment))
        for schema in schemas:
            properties = schema["function"]["parameters"]["properties"]
            assert schema["function"]["description"]
            assert properties
            assert all(one["description"] and one["type"] for one in properties.values())
            assert set(schema["function"]["parameters"]["required"]) == set(properties)


def test_an_environment_that_would_offer_its_score_as_a_tool_is_refused():
    class Leaky(Files):
        def score(self, answer):
            return super().score(answer)

    with pytest.raises(TypeError, match="not_a_tool"):
        tool_names(Leaky)
    Leaky.score = not_a_tool(Files.score)
    assert tool_names(Leaky) == tool_names(Files)


def test_an_unknown_environment():
    with pytest.raises(UserError, match="'web' does not exist"):
        find("web")


# files


def test_files_are_read_written_and_scored_by_what_is_left():
    tree = files({"/a/x.txt": "one\n", "/b.txt": "two"}, {"/a/y.txt": "one", "/b.txt": "two\nthree"}, ["/c/d"])
    assert tree.ls("/") == "a/\nb.txt"
    assert tree.ls("a/../a") == "x.txt"
    assert tree.score("done").reason == "/a/x.txt should not be there"
    tree.mv("/a/x.txt", "/a/y.txt")
    tree.append("/b.txt", "three")
    assert tree.cat("/b.txt") == "two\nthree"
    assert tree.score("").reason == "the folder /c/d is missing"
    tree.mkdir("/c/d")
    assert tree.score("I did nothing").outcome == "correct"
    tree.cp("/b.txt", "/c")
    assert tree.score("all done").reason == "/c/b.txt should not be there"
    tree.rm("/c/b.txt")
    tree.write("/b.txt", "other")
    assert tree.score("").reason == "/b.txt has another text"
    assert tree.grep("one", "/") == "/a/y.txt: one"


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda tree: tree.cat("/no"), "there is no file or folder /no. ls / shows"),
        (lambda tree: tree.cat("/a"), "is a folder"),
        (lambda tree: tree.ls("/a/x.txt"), "is a file"),
        (lambda tree: tree.rm("/a"), "not empty"),
        (lambda tree: tree.rm("/"), "not empty"),
        (lambda tree: tree.write("/no/x", ""), "Make it with mkdir"),
        (lambda tree: tree.write("/a", ""), "is a folder"),
        (lambda tree: tree.mv("/a/x.txt", "/b.txt"), "exists already"),
        (lambda tree: tree.mkdir("/a/x.txt/y"), "is a file"),
        (lambda tree: tree.grep("", "/"), "is empty"),
        (lambda tree: tree.cat("/" + "x" * 300), "at most 200"),
        (lambda tree: tree.cat("/a\n"), "printable"),
        (lambda tree: tree.write("/big", "x" * (MAX_CHARACTERS + 1)), "no room"),
    ],
)
def test_what_a_file_system_refuses_changes_nothing(act, message):
    tree = files({"/a/x.txt": "one", "/b.txt": "two"})
    with pytest.raises(ToolError, match=message):
        act(tree)
    assert tree.score("").outcome == "correct"


def test_a_file_system_does_not_grow_without_bounds():
    tree = files({})
    with pytest.raises(ToolError, match="no room"):
        for number in range(MAX_ENTRIES + 1):
            tree.mkdir(f"/{number}")
    with pytest.raises(ToolError, match="at most 200"):
        tree.mkdir("/x" * 10_000)


def test_a_pattern_that_would_take_for_ever_is_a_text():
    tree = files({"/a.txt": "a" * 50_000})
    started = time.monotonic()
    assert tree.grep("(a+)+$", "/") == "(no line)"
    assert time.monotonic() - started < 1


# orders


def test_the_desk_is_scored_by_all_its_rows():
    desk = shop(
        orders=SHOP["orders"] | {"O1001": {**SHOP["orders"]["O1001"], "status": "cancelled"}},
        products={"P1": {**SHOP["products"]["P1"], "stock": 7}},
    )
    assert desk.score("I cancelled it").outcome == "incorrect"
    desk.cancel_order("O1001")
    assert desk.score("").outcome == "correct"
    desk.open_return("O1002")
    assert desk.score("").reason == "returns: R1001 should not be there"


def test_the_desk_finds_and_creates():
    desk = shop()
    assert json.loads(desk.find_customer("holberg")) == [{"id": "C1", "name": "Mara Holberg"}]
    assert json.loads(desk.list_orders("C2")) == [{"id": "O1002", **SHOP["orders"]["O1002"]}]
    assert desk.create_order("C1", "P1", 5) == "created order O1003"
    assert json.loads(desk.find_product("LAMP"))[0]["stock"] == 0
    desk.change_quantity("O1003", 1)
    assert json.loads(desk.find_product("lamp"))[0]["stock"] == 4


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda desk: desk.cancel_order("O1002"), "O1002 is shipped"),
        (lambda desk: desk.change_quantity("O1002", 2), "only open orders"),
        (lambda desk: desk.cancel_order("O9"), "no order with the id 'O9'"),
        (lambda desk: desk.find_customer(" "), "give a part"),
        (lambda desk: desk.find_customer("Nobody"), "shorter part"),
        (lambda desk: desk.create_order("C1", "P1", 6), "only 5 pieces"),
        (lambda desk: desk.create_order("C1", "P1", -1), "not -1"),
        (lambda desk: desk.change_quantity("O1001", MAX_QUANTITY + 1), "1 to 20"),
        (lambda desk: desk.change_quantity("O1001", 8), "only 7 pieces"),
    ],
)
def test_what_the_desk_refuses_changes_nothing(act, message):
    desk = shop()
    with pytest.raises(ToolError, match=message):
        act(desk)
    assert desk.score("").outcome == "correct"


def test_the_desk_does_not_grow_without_bounds_and_one_episode_does_not_touch_the_next():
    desk = shop()
    desk.cancel_order("O1001")
    with pytest.raises(ToolError, match="no more than"):
        for _ in range(MAX_NEW + 1):
            desk._new("orders", "O")
    desk.reset(**problem("orders", {**SHOP, "expected": {}}))
    assert desk.score("").outcome == "correct"


# search

DOCUMENTS = {"Mara Holberg": "Mara Holberg was a poet, born in Ostley.", "Ostley": "Ostley is a town of 4711 people."}


def world(answer="4711", seconds=10.0, documents=DOCUMENTS):
    return made("search", {"documents": documents, "answer": answer}, seconds)


def test_documents_are_found_read_and_the_answer_is_scored():
    search = world()
    assert [hit["title"] for hit in json.loads(search.search("poet Holberg"))] == ["Mara Holberg"]
    assert search.read("Ostley") == DOCUMENTS["Ostley"]
    assert search.score(r"<think>\boxed{1}</think>\boxed{4{,}711}").outcome == "correct"
    assert search.score("4711").reason == "no answer: no closed box after the thinking"
    assert search.score(r"\boxed{4711} or \boxed{4712}").outcome == "incorrect"
    assert world("Mara Holberg").score(r"\boxed{\text{mara  holberg}.}").outcome == "correct"
    assert world("Mara Holberg").score(r"\boxed{Mara Holbergs}").outcome == "incorrect"


@pytest.mark.parametrize(
    "query",
    ['"', 'a" OR title:', "NEAR(a b, 99999)", "* AND (", "holberg*", "-x", "{title}: y", "a" * 19_000, "x " * 9_000, "ſ ß Ω 人"],
)
def test_no_query_is_a_wrong_expression(query):
    search = world()
    with contextlib.suppress(ToolError):
        search.search(query)
    assert json.loads(search.search("poet " + query))[0]["title"] == "Mara Holberg"


def test_a_search_beyond_its_time_is_stopped():
    search = world(seconds=0.0, documents={f"{n}": "word " * 50 + str(n) for n in range(8000)})
    with pytest.raises(ToolError, match="stopped after 0 s"):
        search.search("word 1 2 3 4 5 6 7 8 9")
    with pytest.raises(ToolError, match="no words"):
        search.search("?!")
    with pytest.raises(ToolError, match="no document has the title"):
        search.read("Nowhere")


HEAVY = ["9^{9^{9^{9}}}", "1" * 30_000, "{" * 3000 + "}" * 3000, r"\binom{10^9}{10^8}", r"\frac{1}{0}", "x" * 5000]


@pytest.mark.parametrize("box", HEAVY)
def test_no_answer_takes_long(box):
    started = time.monotonic()
    assert world().score(f"\\boxed{{{box}}}").outcome == "incorrect"
    assert time.monotonic() - started < 2


def test_a_broken_task_is_not_the_models_fault():
    for name, task in [
        ("files", {"files": {"a": "x"}, "expected": {}, "folders": []}),
        ("files", {"files": {"/a": 1}, "expected": {}, "folders": []}),
        ("orders", {**SHOP, "expected": {"users": {}}}),
        ("orders", {**SHOP, "expected": {"orders": 3}}),
        ("orders", {**SHOP, "customers": {"C1": {}}, "expected": {}}),
        ("orders", {**SHOP, "orders": {"O1": {"customer_id": "C1", "product_id": "P1", "quantity": 1}}, "expected": {}}),
        ("orders", {**SHOP, "products": {}, "expected": {}}),
        ("orders", {**SHOP, "returns": {"R1": {}}, "expected": {}}),
        ("search", {"documents": {"a": 1}, "answer": "1"}),
        ("search", {"documents": {"a": "\ud800"}, "answer": "1"}),
        ("search", {"documents": {}, "answer": "the ."}),
        ("python", {"answer": 1}),
        ("python", {"answer": ""}),
    ]:
        with pytest.raises(BadTask):
            made(name, task)
