"""The local server answers its own page on this machine, to whoever has the token, and nobody else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from datarecipe.review.judge.review_server import LARGEST_BODY, ReviewServer
from datarecipe.review.judge.review_state import ReviewState
from datarecipe.review.sample.drawn_sample import draw, header_of
from datarecipe.review.sample.judged_items import sample_of
from datarecipe.review.sample.source_dataset import read_source
from datarecipe.review.verdicts.verdict_log import VerdictLog
from tests.review.reviewing import reviewing, verdicts_in
from tests.review.verdict_texts import write_records

RECORDS: list[dict[str, Any]] = [{"text": f"secret {n}", "label": ["good", "bad"][n % 2]} for n in range(8)]


@contextmanager
def served(folder: Path) -> Iterator[ReviewServer]:
    """A server of a review of eight texts, in this process."""
    drawn = draw([read_source(write_records(folder / "data.jsonl", RECORDS))], 8, 0)
    with VerdictLog(folder / "ana.jsonl") as log:
        log.begin(header_of(drawn, "ana", 8, 0))
        with ReviewServer(ReviewState(sample_of(drawn, 0), "ana", log)) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            yield server
            server.shutdown()
            thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    with served(tmp_path) as found:
        yield found


def send(
    server: ReviewServer, method: str, path: str, body: bytes | None = None, **headers: str | None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """A request with the headers of the page, but for those given; None leaves one out."""
    host = f"127.0.0.1:{server.server_port}"
    given: dict[str, str | None] = {"Host": host}
    if method == "POST":
        given |= {"Origin": f"http://{host}", "X-Review-Token": server.token, "Content-Type": "application/json"}
        given |= {"Content-Length": str(len(body or b""))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in given.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    reply = connection.getresponse()
    found = reply.status, reply.read(), reply.headers
    connection.close()
    return found


def ask(server: ReviewServer, **document: Any) -> dict[str, Any]:
    """What the server answers to its own page."""
    status, body, _ = send(server, "POST", "/review", json.dumps(document).encode())
    found: dict[str, Any] = json.loads(body)
    return found | {"status": status}


def test_it_listens_on_the_loopback_interface_alone(server: ReviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError):
            socket.create_connection((str(address), server.server_port), timeout=5)


def test_the_page_holds_no_example_and_is_locked(server: ReviewServer) -> None:
    status, page, headers = send(server, "GET", f"/?token={server.token}")
    assert status == 200
    assert b"secret" not in page
    assert server.token.encode() not in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "datarecipe"
    assert headers["Access-Control-Allow-Origin"] is None


def test_every_server_has_a_token_and_a_port_of_its_own(tmp_path: Path) -> None:
    found = []
    for name in "ab":
        (tmp_path / name).mkdir()
        with served(tmp_path / name) as server:
            found.append((server.server_port, server.token))
            assert re.fullmatch(r"[\w-]{43}", server.token)
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/?token=", {}),
        ("GET", "/?token=x", {}),
        ("GET", "/?token=%FF", {}),
        ("GET", "/?" + "&".join(["a=b"] * 100), {}),
        ("GET", "/?token=TOKEN", {"Host": "evil.example"}),
        ("GET", "/?token=TOKEN", {"Host": "127.0.0.1.evil.example"}),
        ("GET", "/?token=TOKEN", {"Host": "evil.example:8000"}),
        ("GET", "/?token=TOKEN", {"Host": ""}),
        ("GET", "/?token=TOKEN", {"Host": None}),
        ("GET", "http://evil.example/?token=x", {}),
        ("GET", "/other?token=TOKEN", {}),
        ("GET", "/../../etc/passwd?token=TOKEN", {}),
        ("GET", "/review?token=TOKEN", {}),
        ("POST", "/review", {"X_Review_Token": None}),
        ("POST", "/review", {"X_Review_Token": "x"}),
        ("POST", "/review", {"X_Review_Token": "é"}),
        ("POST", "/review?token=TOKEN", {"X_Review_Token": None}),
        ("POST", "/review", {"Origin": None}),
        ("POST", "/review", {"Origin": "null"}),
        ("POST", "/review", {"Origin": "https://evil.example"}),
        ("POST", "/review", {"Origin": "http://127.0.0.1:1"}),
        ("POST", "/review", {"Host": "evil.example", "Origin": "http://evil.example"}),
        ("POST", "/review", {"Content_Type": "text/plain"}),
        ("POST", "/review", {"Content_Type": "application/x-www-form-urlencoded"}),
        ("POST", "/review", {"Content_Length": None}),
        ("POST", "/review", {"Content_Length": "-1"}),
        ("POST", "/review", {"Content_Length": "99999999999999"}),
        ("POST", "/review", {"Content_Length": None, "Transfer_Encoding": "chunked"}),
        ("POST", "/", {}),
        ("POST", "/other", {}),
        ("PUT", "/review", {}),
        ("OPTIONS", "/review", {"Origin": "https://evil.example"}),
        ("TRACE", "/", {}),
    ],
)
def test_others_are_refused_and_change_nothing(
    server: ReviewServer, tmp_path: Path, method: str, path: str, headers: dict[str, str | None]
) -> None:
    before = (tmp_path / "ana.jsonl").read_bytes()
    body = json.dumps({"do": "judge", "number": 0, "valid": True, "choice": 0, "note": ""}).encode()
    status, said, answered = send(
        server, method, path.replace("TOKEN", server.token), body if method == "POST" else None, **headers
    )
    assert 400 <= status < 600
    assert b"secret" not in said
    assert server.token.encode() not in said
    assert answered["Access-Control-Allow-Origin"] is None
    assert (tmp_path / "ana.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 60_000,
        b'{"do": "judge", "number": NaN}',
        b"{}",
        b'{"do": "destroy", "number": 0}',
        b'{"do": "show", "number": 8}',
        b'{"do": "show", "number": -1}',
        b'{"do": "show", "number": true}',
        b'{"do": "show", "number": "0"}',
        b'{"do": "judge", "number": -1, "valid": true, "choice": null, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": true, "choice": 2, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": true, "choice": -1, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": true, "choice": true, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": false, "choice": 0, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": 1, "choice": null, "note": ""}',
        b'{"do": "judge", "number": 0, "valid": true, "choice": null, "note": 1}',
        json.dumps({"do": "judge", "number": 0, "valid": True, "choice": None, "note": "x" * 4_001}).encode(),
        b'"' + b"x" * LARGEST_BODY + b'"',
        b"\xff\xfe",
    ],
)
def test_a_body_that_no_page_of_ours_sends_changes_nothing(server: ReviewServer, tmp_path: Path, body: bytes) -> None:
    before = (tmp_path / "ana.jsonl").read_bytes()
    status, _, _ = send(server, "POST", "/review", body)
    assert 400 <= status < 500
    assert (tmp_path / "ana.jsonl").read_bytes() == before
    assert ask(server, do="open")["status"] == 200


def test_a_judge_may_come_through_a_tunnel(server: ReviewServer) -> None:
    """Of ssh, say: then the browser knows the server by another port, or as localhost."""
    body = b'{"do": "open"}'
    for host in ("localhost:9000", "127.0.0.1:9000"):
        assert send(server, "GET", f"/?token={server.token}", Host=host)[0] == 200
        assert send(server, "POST", "/review", body, Host=host, Origin=f"http://{host}")[0] == 200


def test_verdicts_undo_and_what_comes_next(server: ReviewServer, tmp_path: Path) -> None:
    first = ask(server, do="open")
    assert (first["number"], first["total"], first["judged"], first["valid"]) == (0, 8, 0, None)
    assert [name for name, _ in first["fields"]] == ["text"]
    assert first["choices"] == ["bad", "good"]
    assert ask(server, do="judge", number=0, valid=True, choice=1, note="fine")["number"] == 1
    assert ask(server, do="open", number=1)["number"] == 2, "skipped"
    assert ask(server, do="judge", number=2, valid=False, choice=None, note="")["number"] == 3
    again = ask(server, do="show", number=0)
    assert (again["valid"], again["choice"], again["note"], again["judged"]) == (True, 1, "fine", 2)
    assert ask(server, do="judge", number=0, valid=False, choice=None, note="fine")["number"] == 1
    undone = ask(server, do="undo", number=5)
    assert (undone["number"], undone["valid"], undone["choice"]) == (0, True, 1), "its earlier verdict is back"
    assert (ask(server, do="undo")["number"], ask(server, do="undo")["number"]) == (2, 0)
    assert ask(server, do="undo", number=5)["number"] == 5, "nothing is left to undo"
    assert ask(server, do="note", number=5, valid=None, choice=None, note="later")["number"] == 5
    assert ask(server, do="open")["judged"] == 0
    for number in (5, 6, 7, 0, 1, 2, 3):
        next_one = ask(server, do="judge", number=number, valid=True, choice=0, note="")["number"]
    assert next_one == 4
    done = ask(server, do="judge", number=4, valid=True, choice=None, note="")
    assert (done["number"], done["judged"], done["total"]) == (None, 8, 8)
    rows = verdicts_in(tmp_path / "ana.jsonl")
    assert len(rows) == 3 + 1 + 3 + 8
    assert [row["time"] for row in rows] == sorted({row["time"] for row in rows})


def test_what_could_not_be_saved_is_said_and_does_not_count(server: ReviewServer, tmp_path: Path) -> None:
    (tmp_path / "ana.jsonl").rename(tmp_path / "moved.jsonl")
    said = ask(server, do="judge", number=0, valid=True, choice=0, note="")
    assert said["status"] == 500
    assert "cannot be written" in said["error"]
    assert ask(server, do="show", number=0)["valid"] is None
    (tmp_path / "moved.jsonl").rename(tmp_path / "ana.jsonl")
    assert ask(server, do="judge", number=0, valid=True, choice=0, note="")["judged"] == 1


def test_many_at_once_lose_nothing(server: ReviewServer, tmp_path: Path) -> None:
    def judge(number: int) -> None:
        for valid in (True, False, True):
            assert ask(server, do="judge", number=number, valid=valid, choice=None, note="")["status"] == 200

    threads = [threading.Thread(target=judge, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = verdicts_in(tmp_path / "ana.jsonl")
    assert len(rows) == 24
    assert ask(server, do="open")["judged"] == 8
    assert len({row["time"] for row in rows}) == 24


def test_connections_that_say_nothing_do_not_stop_it(server: ReviewServer) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(31)]
    assert ask(server, do="open")["status"] == 200
    more = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(40)]
    assert more[-1].recv(1) == b"", "what is too much is closed"
    for each in [*idle, *more]:
        each.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_every_answered_verdict_is_there_and_the_next_continues(
    tmp_path: Path, how: signal.Signals
) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    for judged in (0, 1, 2):
        with reviewing("data.jsonl", "--reviewer", "ana", "--output", "v/ana.jsonl", cwd=tmp_path) as review:
            where = urlsplit(review.address)
            connection = http.client.HTTPConnection("127.0.0.1", where.port or 0, timeout=60)
            headers = {
                "Origin": f"http://{where.netloc}",
                "X-Review-Token": where.query.removeprefix("token="),
                "Content-Type": "application/json",
            }
            connection.request("POST", "/review", '{"do": "open"}', headers)
            view = json.loads(connection.getresponse().read())
            assert view["judged"] == judged
            body = {"do": "judge", "number": view["number"], "valid": True, "choice": 0, "note": "é\u202e"}
            connection.request("POST", "/review", json.dumps(body), headers)
            assert connection.getresponse().status == 200
            code, err = review.end(how)
            if how is signal.SIGINT:
                assert code == 0
                assert f"{judged + 1} of 8 examples judged: v/ana.jsonl" in err
                assert "Traceback" not in err
            else:
                assert code == -how
    rows = verdicts_in(tmp_path / "v" / "ana.jsonl")
    assert len({row["item"] for row in rows}) == 3
