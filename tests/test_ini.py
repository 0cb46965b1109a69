"""The shapes of an .npmrc one by one: what is read, what an edit leaves, and what is refused."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from roamrc.errors import RoamError
from roamrc.formats.ini import Document, Prior
from roamrc.model import Value

URL = "http://proxy.corp.test:8080"
MARK = b"# roamrc: set for profile office; see roamrc status\n"

READ: list[tuple[bytes, str, Value]] = [
    (b"", "proxy", None),
    (b"proxy=http://a\n", "proxy", "http://a"),
    (b"  proxy\t= http://a  \r\n", "proxy", "http://a"),
    (b"a=1\rproxy=http://a\rb=2", "proxy", "http://a"),
    (b"proxy=1\nproxy=2\n", "proxy", "2"),
    (b"PROXY=1\n", "proxy", None),
    (b"proxy\n", "proxy", "true"),
    (b"proxy=\n", "proxy", ""),
    (b"proxy=null\n", "proxy", "null"),
    (b'proxy="false"\n', "proxy", "false"),
    (b"proxy = x = y\n", "proxy", "x = y"),
    (b"proxy==x\n", "proxy", "=x"),
    (b"=x\n", "", None),
    (b" =x\n", "", "x"),
    (b"==\n", "", None),
    (b"proxy : x\n", "proxy", None),
    (b"proxy : x\n", "proxy : x", "true"),
    (b"#proxy=x\n ;proxy=y\n", "proxy", None),
    (b"proxy;x=http://a\n", "proxy", "http://a"),
    (b"proxy#=http://a\n", "proxy", "http://a"),
    (b"reg\\;istry=1\n", "reg;istry", "1"),
    (b"proxy=http://a ; c\n", "proxy", "http://a"),
    (b"proxy=http://u:p#w@h\n", "proxy", "http://u:p"),
    (b"proxy=http://u:p\\#w\\;@h\n", "proxy", "http://u:p#w;@h"),
    (b"cafile=\\\\srv\\x\\\\\n", "cafile", "\\srv\\x\\"),
    (b"cafile=C:\\Users\n", "cafile", "C:\\Users"),
    (b"noproxy=a,\\\n  b\n", "noproxy", "a,\\"),
    (b'proxy="http://a"\n', "proxy", "http://a"),
    (b'proxy="http://a" ; c\n', "proxy", '"http://a"'),
    (b'proxy="a"b"\n', "proxy", '"a"b"'),
    (b'proxy="\n', "proxy", '"'),
    (b"proxy='\n", "proxy", ""),
    (b"proxy='http://a'\n", "proxy", "http://a"),
    (b"proxy=' a '\n", "proxy", " a "),
    (b"tag='123'\n", "tag", "123"),
    (b"tag='1.50'\n", "tag", "1.5"),
    (b"tag='1e21'\n", "tag", "1e+21"),
    (b"tag='12345678901234567890'\n", "tag", "12345678901234567000"),
    (b"tag='1e-7'\n", "tag", "1e-7"),
    (b"tag='-0.00001'\n", "tag", "-0.00001"),
    (b"tag='-0'\n", "tag", "0"),
    (b"tag='NaN'\n", "tag", "NaN"),
    (b"tag='null'\n", "tag", "null"),
    (b'tag=\'{"a":[1,"b",null,true]}\'\n', "tag", '{"a":[1,"b",null,true]}'),
    (b"tag='[1,\"b\"]'\n", "tag", ("1", "b")),
    (b"tag='[]'\ntag=x\n", "tag", ("x",)),
    (b'ca="a\\nb"\n', "ca", "a\nb"),
    (b'"proxy"=a\n', "proxy", "a"),
    (b"'https-proxy'=a\n", "https-proxy", "a"),
    (b'"\\u0070roxy"=a\n', "proxy", "a"),
    (b'"reg=istry"=a\n', '"reg', 'istry"=a'),
    (b"'[\"proxy\"]'=a\n", "proxy", "a"),
    (b"noproxy[]=a\n  noproxy[] = b\n", "noproxy", ("a", "b")),
    (b"noproxy=a\nnoproxy[]=b\nnoproxy=c\n", "noproxy", ("a", "b", "c")),
    (b"noproxy[]\n", "noproxy", ("true",)),
    (b'"noproxy[]"=a\n', "noproxy", ("a",)),
    (b"[]=a\n", "proxy", None),
    (b"proxy=1\n[s]\nproxy=2\n", "proxy", "1"),
    (b"[s]\nproxy=2\n", "proxy", None),
    (b" [s]\nproxy=2\n", "proxy", "2"),
    (b"[s] ; c\nproxy=2\n", "proxy", "2"),
    (b"[s]\xc2\xa0\nproxy=2\n", "proxy", None),
    (b"[]\nproxy=2\n", "proxy", None),
    (b"[__proto__]\nproxy=2\n", "proxy", None),
    (b"\xef\xbb\xbf[s]\nproxy=2\n", "proxy", "2"),
    (b"\xef\xbb\xbfproxy=2\n", "proxy", "2"),
    (b"proxy=1\n[proxy]\nx=2\n", "proxy", "1"),
    (b"proxy=\n[proxy]\nx=2\n", "proxy", '{"x":"2"}'),
    (b"proxy=1\n[proxy.x]\ny=2\n", "proxy", '{"x":{"y":"2"}}'),
    (b"proxy=1\nproxy.x=null\n", "proxy", '{"x":null}'),
    (b"a.b=1\n[a\\.b]\nc=2\n", "a.b", '{"c":"2"}'),
    (b"a.b=null\n", "a.b", None),
    (b"noproxy[]=1\n[noproxy.x]\ny=2\n", "noproxy", ("1",)),
    (b"__proto__=x\n", "__proto__", None),
    (b"'null'=x\nproxy=1\n", "proxy", "1"),
    ("proxy=a\u2028b\n".encode(), "proxy", None),
    ("proxy\u2028=a\n".encode(), "proxy", "a"),
    ("\u00a0proxy\u3000=\ufeffa\u2003\n".encode(), "proxy", "a"),
    (b"proxy=\x1ca\xc2\x85\n", "proxy", "\x1ca\x85"),
    (b"\x1cproxy=a\n", "proxy", None),
    (b"proxy=a\0b\x0bc\x0c\n", "proxy", "a\0b\vc"),
    (b"name=Jos\xe9\n", "name", "Jos\ufffd"),
    (b"name=\xed\xa0\x80\n", "name", "\ufffd\ufffd\ufffd"),
    (b'name="\\ud83d\\ude00"\n', "name", "\U0001f600"),
    (b"proxy=${P}\n", "proxy", "${P}"),
    (b"proxy=" + b"'" + b"[" * 100_000 + b"'\n", "proxy", "[" * 100_000),
]


@pytest.mark.parametrize(("text", "key", "value"), READ, ids=[str(t[:40]) for t, _, _ in READ])
def test_a_key_is_read_as_npm_reads_it(text: bytes, key: str, value: Value) -> None:
    assert Document(text).get(key) == value


PUT: list[tuple[bytes, str, Value, bytes]] = [
    (b"", "proxy", URL, b"proxy=http://proxy.corp.test:8080\n"),
    (b"a=1", "proxy", "x", b"a=1\nproxy=x"),
    (b"a=1\r\n", "proxy", "x", b"a=1\r\nproxy=x\r\n"),
    (b"a=1\r", "proxy", "x", b"a=1\rproxy=x\r"),
    (b"a=1\nb=2\r\n", "proxy", "x", b"a=1\nb=2\r\nproxy=x\r\n"),
    (b"a=1\r\nb=2", "proxy", "x", b"a=1\r\nb=2\r\nproxy=x"),
    (b"a=1\n\n\n", "proxy", "x", b"a=1\n\n\nproxy=x\n"),
    (b"\xef\xbb\xbf", "proxy", "x", b"\xef\xbb\xbfproxy=x\n"),
    (b"\xef\xbb\xbf[s]\na=1\n", "proxy", "x", b"\xef\xbb\xbf[s]\na=1\nproxy=x\n"),
    (b"a=1\n[s]\nb=2\n", "proxy", "x", b"a=1\nproxy=x\n[s]\nb=2\n"),
    (b"a=1\n\n# about s\n[s]\nb=2\n", "proxy", "x", b"a=1\nproxy=x\n\n# about s\n[s]\nb=2\n"),
    (b"# mine\n[s]\nb=2\n", "proxy", "x", b"# mine\nproxy=x\n[s]\nb=2\n"),
    (b"[s]\r\nb=2", "proxy", "x", b"proxy=x\r\n[s]\r\nb=2"),
    (b"a=1\n\tproxy  =  y  \nb=2\n", "proxy", "x", b"a=1\n\tproxy  =  x  \nb=2\n"),
    (b"proxy=y ; corp\n", "proxy", "x", b"proxy=x ; corp\n"),
    (b"proxy=y\t# corp\n", "proxy", "a;b", b"proxy=a\\;b\t# corp\n"),
    (b"proxy=y ; corp\n", "proxy", " x", b'proxy=" x"\n'),
    (b"proxy=http://u:p#w@h\n", "proxy", "x", b"proxy=x\n"),
    (b'proxy="y" ; corp\n', "proxy", "x", b"proxy=x ; corp\n"),
    (b"proxy='y'\n", "proxy", "x", b"proxy=x\n"),
    (b"proxy;c=y\n", "proxy", "x", b"proxy;c=x\n"),
    (b"proxy\n", "proxy", "x", b"proxy=x\n"),
    (b"proxy=1\na=b\nproxy=2\n", "proxy", "x", b"proxy=1\na=b\nproxy=x\n"),
    (b"proxy=1\na=b\nproxy=2\n", "proxy", None, b"a=b\n"),
    (b"noproxy[]=a\nb=1\nnoproxy[] = c\nd=2", "noproxy", "x", b"b=1\nnoproxy=x\nd=2"),
    (
        b"noproxy[]=a\nb=1\n noproxy[] = c ; c\n",
        "noproxy",
        ("a", "c", "d"),
        b"noproxy[]=a\nb=1\n noproxy[] = c ; c\nnoproxy[]=d\n",
    ),
    (b"noproxy[]=a\nb=1\nnoproxy[] = c\n", "noproxy", ("c",), b"b=1\nnoproxy[] = c\n"),
    (b"noproxy[]=a\nnoproxy[]=b\nnoproxy[]=c", "noproxy", ("a", "x", "c"), b"noproxy[]=a\nnoproxy[]=x\nnoproxy[]=c"),
    (b"noproxy=a\n", "noproxy", ("a", "b"), b"noproxy=a\nnoproxy[]=b\n"),
    (b"noproxy=a\n", "noproxy", ("b",), b"noproxy[]=b\n"),
    (b"noproxy[]=a\n", "noproxy", (), b"noproxy='[]'\n"),
    (b"", "noproxy", ("a", "b"), b"noproxy[]=a\nnoproxy[]=b\n"),
    (b"a\rproxy=x\n\nb", "proxy", None, b"a\r\nb"),
    (b"", "proxy", "true", b"proxy=true\n"),
    (b"", "proxy", "", b"proxy=\n"),
    (b"", "proxy", "a\nregistry=http://evil", b'proxy="a\\nregistry=http://evil"\n'),
    (b"", "proxy", "\\\\srv\\x", b"proxy=\\\\\\\\srv\\\\x\n"),
    (b"", "proxy", '"x"', b'proxy="\\"x\\""\n'),
    (b"", "proxy", "\u2028", b'proxy="\\u2028"\n'),
    (b"", "proxy", "\ud800", b'proxy="\\ud800"\n'),
    (b"", "@s:registry", "x", b"@s:registry=x\n"),
    (b"", "a=b", "x", b'"a\\u003db"=x\n'),
    (b"", "#a", "x", b"\\#a=x\n"),
    (b"", "[s]", "x", b"[s]=x\n"),
    (b"", "", "x", b'""=x\n'),
]


@pytest.mark.parametrize(("text", "key", "value", "after"), PUT, ids=[f"{t!r}-{k}-{v!r}" for t, k, v, _ in PUT])
def test_an_edit_leaves_all_that_is_not_its_own(text: bytes, key: str, value: Value, after: bytes) -> None:
    doc = Document(text)
    doc.put(key, value)
    assert doc.text == after
    assert doc.get(key) == value
    assert Document(after).get(key) == value


REFUSED: list[tuple[bytes, str, Value]] = [
    (b"[proxy.x]\na=1\n", "proxy", "x"),
    (b"proxy=1\n\n[proxy.x]\na=1\n", "proxy", "x"),
    (b"[proxy]\na=1\n", "proxy", ""),
    (b"[proxy]\na=1\n", "proxy", "null"),
    (b"proxy.x=null\n", "proxy", "x"),
    (b"", "a.b", "null"),
    (b"", "__proto__", "x"),
    (b"", "a[]", "x"),
]


@pytest.mark.parametrize(("text", "key", "value"), REFUSED)
def test_what_npm_would_not_read_back_is_refused_and_changes_nothing(text: bytes, key: str, value: Value) -> None:
    doc = Document(text)
    with pytest.raises(RoamError) as e:
        doc.put(key, value)
    assert doc.text == text
    assert e.value.hint


def test_the_same_value_again_touches_nothing() -> None:
    text = b"proxy = 'a' \nnoproxy[]=b\nstrict-ssl\n"
    doc = Document(text)
    doc.put("proxy", "a")
    doc.put("noproxy", ("b",))
    doc.put("strict-ssl", "true")
    assert doc.text == text


def test_keys_are_named_in_order_and_once() -> None:
    doc = Document(b'b=1\n#c=1\na[]=1\nb=2\n"d"=1\na[]=2\n[s]\ne=1\n')
    assert doc.keys() == ["b", "a", "d"]


def test_a_removed_first_line_leaves_the_bom_and_what_npm_reads_below_it() -> None:
    doc = Document(b"\xef\xbb\xbfproxy=1\r\n[s]\r\na=1\r\n")
    doc.put("proxy", None)
    assert doc.text == b"\xef\xbb\xbf\r\n[s]\r\na=1\r\n"  # right behind a BOM, [s] would be a key
    assert Document(doc.text).keys() == []
    doc.put("proxy", "2")
    assert doc.text == b"\xef\xbb\xbfproxy=2\r\n[s]\r\na=1\r\n"


# --- lift and restore

DESK = b"registry=r\n\n# the office\nproxy = http://mine ; keep\nnoproxy[]=a\nfund=false\nnoproxy[]=b\n"


def after(text: bytes, key: str, prior: Prior) -> bytes:
    doc = Document(text)
    doc.restore(key, prior)
    return doc.text


@pytest.mark.parametrize("value", [None, "x", ("x", "y"), ("a", "b", "c")])
@pytest.mark.parametrize("key", ["proxy", "noproxy", "registry", "https-proxy"])
def test_a_key_comes_back_byte_for_byte(key: str, value: Value) -> None:
    doc = Document(DESK)
    prior = doc.lift(key)
    doc.put(key, value)
    doc.mark([key], "set for profile office")
    doc.mark([], None)
    doc.restore(key, prior)
    assert doc.text == DESK


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (b"proxy=x\nregistry=r\n", b"proxy = http://mine ; keep\nregistry=r\n"),  # in place of the present line
        (
            b"registry=r\nnew=1\n\n# the office\nnoproxy[]=a\n",
            b"registry=r\nnew=1\n\n# the office\nproxy = http://mine ; keep\nnoproxy[]=a\n",
        ),
        (b"new=1\nregistry=q\n\n# the office\n", b"new=1\nregistry=q\n\n# the office\nproxy = http://mine ; keep\n"),
        (b"new=1\nnoproxy=a\n", b"new=1\nproxy = http://mine ; keep\nnoproxy=a\n"),
        (b"new=1\n\n[s]\na=1\n", b"new=1\nproxy = http://mine ; keep\n\n[s]\na=1\n"),
        (b"", b"proxy = http://mine ; keep\n"),
        (b"new=1", b"new=1\nproxy = http://mine ; keep"),
    ],
)
def test_a_key_comes_back_by_its_landmarks_after_foreign_edits(now: bytes, then: bytes) -> None:
    assert after(now, "proxy", Document(DESK).lift("proxy")) == then


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("tail", [b"fund=false\n", b""])
def test_two_keys_lifted_one_after_the_other_come_back_in_their_order(tail: bytes, backwards: bool) -> None:
    text = b"registry=r\nproxy=1\nhttps-proxy=2\n" + tail
    doc, priors = Document(text), dict[str, Prior]()
    for key in ("proxy", "https-proxy"):
        priors[key] = doc.lift(key)
        doc.put(key, None)
    for key in sorted(priors, reverse=not backwards):
        doc.restore(key, priors[key])
    assert doc.text == text


def test_a_prior_shows_where_a_key_that_was_gone_is_put() -> None:
    doc = Document(DESK)
    prior = doc.lift("proxy")
    doc.put("proxy", None)
    doc.put("proxy", "x", prior)
    assert doc.text == DESK.replace(b"proxy = http://mine ; keep", b"proxy=x")
    doc.restore("proxy", prior)
    assert doc.text == DESK


ENDS = [b"a=1\r\nproxy=x", b"a=1\n\nproxy=x", b"proxy=x", b"proxy=1\r\nproxy=2", b"a\rproxy=1\n\nb", b"a\r\nproxy=1\nproxy=2"]


@pytest.mark.parametrize("text", ENDS)
def test_line_ends_come_back_too(text: bytes) -> None:
    doc = Document(text)
    prior = doc.lift("proxy")
    doc.put("proxy", None)
    assert after(doc.text, "proxy", prior) == text


def test_one_of_our_lines_that_looks_like_an_old_one_is_not_taken_for_it() -> None:
    text = b"noproxy=x\na=1\nnoproxy[]=b\n"
    doc = Document(text)
    prior = doc.lift("noproxy")
    doc.put("noproxy", "x")
    assert doc.text == b"a=1\nnoproxy=x\n"
    doc.restore("noproxy", prior)
    assert doc.text == text


def test_an_empty_prior_removes_the_key() -> None:
    assert after(b"a=1\nproxy=x\nproxy=y\n", "proxy", Document(b"").lift("proxy")) == b"a=1\n"


def test_a_prior_keeps_its_lines_to_itself_and_survives_json() -> None:
    prior = Document(b"proxy=http://u:secret@h\xff\n").lift("proxy")
    assert "secret" not in repr(prior) + repr(prior.lines) + repr(prior.lines[0])
    assert Prior.from_json(prior.to_json()) == prior


LINE: dict[str, object] = {"text": "proxy=x", "eol": "\n", "before": "", "index": 0, "gap": 0, "lead": 0}
LINE |= {"above": None, "below": None, "split": False}
BAD: list[dict[str, object]] = [
    {"text": "proxy=x\nregistry=evil"}, {"text": 1}, {"text": "\u2028"}, {"eol": "registry=evil\n"}, {"before": "x"},
    {"index": -1}, {"index": "0"}, {"gap": True}, {"lead": 1.0}, {"above": 1}, {"below": []}, {"split": 1}, {"more": 1},
]  # fmt: skip
BAD_LINES: list[object] = [None, [], {}, {"lines": None}, {"lines": ["proxy=x"]}, {"lines": [{"text": "proxy=x"}]}]
BAD_LINES += [{"lines": [{**LINE, **bad}]} for bad in BAD]


@pytest.mark.parametrize("data", BAD_LINES, ids=str)
def test_a_damaged_ledger_plants_no_line(data: object) -> None:
    assert Prior.from_json({"lines": [LINE]}).lines
    with pytest.raises(RoamError, match="damaged"):
        Prior.from_json(data)


@pytest.mark.parametrize("line", ["registry=evil", "[proxy]", "# proxy", "", "x\u00e9=1"])
def test_a_kept_line_of_another_key_is_refused(line: str) -> None:
    doc = Document(b"proxy=y\n")
    with pytest.raises(RoamError):
        doc.restore("proxy", Prior.from_json({"lines": [{**LINE, "text": line}]}))
    assert doc.text == b"proxy=y\n"


# --- the comment

MARKED: list[tuple[bytes, list[str], str | None, bytes]] = [
    (b"a=1\nproxy=x\n", ["proxy"], "set for profile office", b"a=1\n" + MARK + b"proxy=x\n"),
    (b"a=1\n" + MARK + b"proxy=x\n", ["proxy"], "set for profile office", b"a=1\n" + MARK + b"proxy=x\n"),
    (MARK + b"a=1\n" + MARK + b"proxy=x\n", ["proxy"], "set for profile office", b"a=1\n" + MARK + b"proxy=x\n"),
    (MARK.replace(b"office", b"home") + b"proxy=x\n", ["proxy"], "set for profile office", MARK + b"proxy=x\n"),
    (b"noproxy=y\nproxy=x", ["proxy", "noproxy"], "set for profile office", MARK + b"noproxy=y\nproxy=x"),
    (b"\xef\xbb\xbfproxy=x\n", ["proxy"], "set for profile office", b"\xef\xbb\xbf" + MARK + b"proxy=x\n"),
    (MARK + b"a=1\n", ["proxy"], "set for profile office", b"a=1\n"),
    (MARK + b"proxy=x\n", ["proxy"], None, b"proxy=x\n"),
    (b"proxy=x\n" + MARK.strip(), ["proxy"], None, b"proxy=x"),
    (b"# roamrc: my own\n " + MARK + b"proxy=x\n", ["proxy"], None, b"# roamrc: my own\n " + MARK + b"proxy=x\n"),
    (
        b"proxy=x\n",
        ["proxy"],
        "a\nb=1\r\u2028\x1b\ud800",
        b"# roamrc: a\\nb=1\\r\\u2028\\x1b\\ud800; see roamrc status\nproxy=x\n",
    ),
    (b"a=1\n[s]\n" + MARK + b"proxy=x\n", ["proxy"], None, b"a=1\n[s]\n" + MARK + b"proxy=x\n"),
]


@pytest.mark.parametrize(("text", "keys", "comment", "then"), MARKED, ids=[f"{t!r}-{c!r}" for t, _, c, _ in MARKED])
def test_the_comment_stands_above_our_first_line(text: bytes, keys: list[str], comment: str | None, then: bytes) -> None:
    doc = Document(text)
    doc.mark(keys, comment)
    assert doc.text == then


@pytest.mark.parametrize("text", [b"", b"a=1", b"a=1\n", b"a=1\r\n[s]\r\n", b"\xef\xbb\xbfa=1\n\n"])
def test_without_our_lines_the_file_is_the_one_before(text: bytes) -> None:
    doc = Document(text)
    doc.put("proxy", "x")
    doc.put("https-proxy", "x")
    doc.mark(["proxy", "https-proxy"], "set for profile office")
    assert Document(doc.text).without(["proxy", "https-proxy"]) == text
    doc.put("a", "2")
    assert Document(doc.text).without(["proxy", "https-proxy"]) != Document(text).without([])


LONG = [b"k%d=v\n", b'"k%d"="v"\n', b"# %d\n", b"//h%d.test/:_authToken=${T}\r\n", b"[s%d]\n", b"k%d.x=null\n"]


@pytest.mark.parametrize("line", LONG)
def test_a_long_file_is_parsed_once(line: bytes) -> None:
    """Counted in calls, not in seconds: once the file is known, no step goes through its lines again, but in C."""
    doc = Document(b"".join(line % i for i in range(3000)))
    before = doc.text
    doc.put("proxy", "once")
    calls = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        doc.put("proxy", "x")
        found = doc.get("proxy")
        doc.put("proxy", None)
    finally:
        sys.setprofile(None)
    assert found == "x"
    assert doc.text == before
    assert 0 < calls < 300
