"""The HTTP contract, call by call."""

import json
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from expressions import tombstone_update
from gapless.load import connect
from gapless.target import Target
from tests.e2e.http import Http
from tests.waiting import wait_until

ORDER = b'{"lines": [{"sku": "lamp", "quantity": 3, "unitPrice": 19.99}]}'


def new_id() -> str:
    return f"test-{uuid.uuid4()}"


class TestSubmit:
    def test_a_request_is_accepted_and_numbered(self, http: Http) -> None:
        before = time.time_ns() // 1_000_000 - 60_000
        answer = http.put(ORDER)
        assert answer.status == 202
        request_id = answer.document["requestId"]
        stage_path = urlsplit(http._base).path
        location = f"{stage_path}/requests/{request_id}"
        assert answer.document == {
            "requestId": request_id,
            "counter": "requests",
            "status": "PENDING",
            "links": {"self": location},
        }
        assert answer.headers["Location"] == location
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Content-Type"] == "application/json"
        document = http.finished(request_id)
        assert document.keys() == {
            "requestId",
            "counter",
            "status",
            "request",
            "receivedAt",
            "number",
            "result",
            "completedAt",
            "expiresAt",
        }
        assert (document["status"], document["request"].encode()) == ("DONE", ORDER)
        assert document["result"] == {"lines": 1, "total": "59.97"}
        assert type(document["number"]) is int
        assert document["number"] >= 1
        assert before < document["receivedAt"] <= document["completedAt"] < document["expiresAt"]

    def test_a_request_without_lines_has_no_result(self, http: Http) -> None:
        document = http.finished(http.put(b'{"note": 1}').document["requestId"])
        assert (document["status"], document["result"]) == ("DONE", None)

    def test_a_refused_request_fails_without_a_number(self, http: Http) -> None:
        document = http.finished(http.put(b'{"lines": []}').document["requestId"])
        assert document.keys() == {"requestId", "counter", "status", "request", "receivedAt", "error", "completedAt"}
        assert document["error"] == {"code": "Rejected", "message": "lines must be a list of 1 to 10000 lines"}

    @pytest.mark.parametrize("counter", ["no-such-counter", 'it\'s "one" \\ more', "名", "x" * 3000])
    def test_an_unknown_counter_fails_the_request(self, http: Http, counter: str) -> None:
        answer = http.call("PUT", "/requests?" + _query(counter), b"{}")
        assert answer.status == 202
        assert answer.document["counter"] == counter
        document = http.finished(answer.document["requestId"])
        assert (document["counter"], document["error"]["code"]) == (counter, "UnknownCounter")

    def test_the_callers_request_id_is_the_id_and_works_once(self, http: Http) -> None:
        request_id = new_id()
        assert http.put(b'{"a": 1}', x_amzn_RequestId=request_id).document["requestId"] == request_id
        assert http.put(b'{"a": 2}', x_amzn_RequestId=request_id).is_problem(409)
        assert http.finished(request_id)["request"] == '{"a": 1}'

    def test_a_hostile_request_id_is_escaped(self, http: Http) -> None:
        request_id = f'it\'s "{new_id()}" \\ $context'
        assert http.put(b"{}", x_amzn_RequestId=request_id).document["requestId"] == request_id
        problem = http.put(b"{}", x_amzn_RequestId=request_id)
        assert problem.is_problem(409)
        assert problem.document["requestId"] == request_id

    @pytest.mark.parametrize(("method", "path", "body"), [("PUT", "/requests", b"["), ("GET", "/nowhere", None)])
    def test_a_hostile_request_id_breaks_no_answer(
        self, http: Http, method: str, path: str, body: bytes | None
    ) -> None:
        request_id = 'x","status":200,"z":"1'
        answer = http.call(method, path, body, {"x-amzn-RequestId": request_id})
        assert answer.is_problem(answer.status)
        assert answer.document["requestId"] == request_id

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b'"text"', b"null", b"1", b"not json", b"{", b'{"a": 1,}', b"{'a': 1}", b'{"a": NaN}', b"\xff"],
    )
    def test_what_is_not_a_json_object_is_refused(self, http: Http, body: bytes) -> None:
        assert http.put(body).is_problem(400)

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
    def test_other_content_types_are_refused(self, http: Http, content_type: str) -> None:
        assert http.put(b"{}", Content_Type=content_type).is_problem(415)

    def test_a_charset_does_not_matter(self, http: Http) -> None:
        assert http.put(b"{}", Content_Type="application/json; charset=utf-8").status == 202


class TestClaim:
    def test_a_repetition_changes_nothing_and_shows_the_state(self, http: Http) -> None:
        path = f"/requests/{new_id()}"
        first = http.put(ORDER, path)
        assert first.status == 202
        assert first.document["status"] == "PENDING"
        assert first.headers["Location"] == urlsplit(http._base).path + path == first.document["links"]["self"]
        done = http.finished(first.document["requestId"])
        again = http.put(ORDER, path)
        assert again.status == 200
        assert again.document == done == http.get(path).document

    @pytest.mark.parametrize(("body", "query"), [(b'{"a": 2}', ""), (b'{"a": 1}', "?counter=other"), (b'{"a":1}', "")])
    def test_another_body_or_counter_is_a_conflict(self, http: Http, body: bytes, query: str) -> None:
        path = f"/requests/{new_id()}"
        assert http.put(b'{"a": 1}', path).status == 202
        assert http.put(body, path + query).is_problem(409)
        assert http.finished(path.rpartition("/")[2])["request"] == '{"a": 1}'

    def test_a_failed_request_is_shown_too(self, http: Http) -> None:
        path = f"/requests/{new_id()}"
        http.finished(http.put(b'{"lines": 1}', path).document["requestId"])
        again = http.put(b'{"lines": 1}', path)
        assert (again.status, again.document["status"]) == (200, "FAILED")

    def test_the_same_id_by_16_clients_at_once_is_one_request(self, http: Http, target: Target) -> None:
        path = f"/requests/{new_id()}"
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: http.put(ORDER, path), range(64)))
        assert {answer.status for answer in answers} <= {200, 202}
        document = http.finished(path.rpartition("/")[2])
        numbers = {answer.document["number"] for answer in answers if "number" in answer.document}
        assert numbers <= {document["number"]}

    @pytest.mark.parametrize("segment", ["a%20b", "%22%5C%27%7B", "caf%C3%A9", "a+b", "a.b_c~d-e", "$context", "%2Fx"])
    def test_an_id_is_kept_as_the_path_has_it(self, http: Http, segment: str) -> None:
        path = f"/requests/{new_id()}{segment}"
        answer = http.put(b"{}", path)
        assert answer.status == 202
        assert answer.document["requestId"] == path.removeprefix("/requests/")
        wait_until("finished", lambda: http.get(path).document["status"] == "DONE")

    def test_an_id_too_long_for_a_key_is_refused(self, http: Http) -> None:
        assert http.put(b"{}", "/requests/" + "x" * 2049).is_problem(400)
        assert http.put(b"{}", "/requests/" + "y" * 2048).status == 202


class TestStatus:
    def test_an_unknown_id_is_not_found(self, http: Http) -> None:
        assert http.get(f"/requests/{new_id()}").is_problem(404)

    def test_a_waiting_request_says_when_to_come_back(self, http: Http) -> None:
        # It may be numbered before it is asked for, so look until one is caught waiting.
        def catch_one_waiting() -> bool:
            answer = http.get("/requests/" + http.put(b"{}").document["requestId"])
            assert answer.status == 200
            assert answer.headers.get("Retry-After") == ("1" if answer.document["status"] == "PENDING" else None)
            return bool(answer.document["status"] == "PENDING")

        wait_until("a request caught waiting", catch_one_waiting)

    def test_an_expired_request_is_gone_and_its_id_is_not_free(self, http: Http, target: Target) -> None:
        request_id = new_id()
        http.put(b"{}", f"/requests/{request_id}")
        http.finished(request_id)
        connect(target).update_item(
            TableName=target.requests_table,
            Key={"requestId": {"S": request_id}},
            UpdateExpression="SET #ttl = :past",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
        )
        assert http.get(f"/requests/{request_id}").is_problem(404)
        # The engine may delete it at any moment; then the id is free.
        answer = http.put(b"{}", f"/requests/{request_id}")
        assert answer.is_problem(409) or answer.status == 202

    def test_a_tombstone_is_not_found_and_its_id_is_taken(self, http: Http, target: Target) -> None:
        request_id = new_id()
        dynamodb, key = connect(target), {"requestId": {"S": request_id}}
        tombstone = tombstone_update("requests", 1, time.time_ns() // 1_000_000)
        dynamodb.update_item(TableName=target.requests_table, Key=key, **tombstone)
        try:
            assert http.get(f"/requests/{request_id}").is_problem(404)
            assert http.put(b"{}", f"/requests/{request_id}").is_problem(409)
        finally:
            dynamodb.delete_item(TableName=target.requests_table, Key=key)


class TestTheRest:
    def test_health(self, http: Http) -> None:
        assert http.get("/health").status == 200

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("GET", "/requests"),
            ("POST", "/requests"),
            ("DELETE", "/requests/a"),
            ("GET", "/requests/a/b"),
        ],
    )
    def test_unknown_paths_and_methods(self, http: Http, method: str, path: str) -> None:
        assert http.call(method, path).is_problem(403)

    def test_a_body_beyond_10_mb_is_refused(self, http: Http) -> None:
        assert http.put(b'{"a": "' + b"x" * 10_485_760 + b'"}').status == 413

    def test_every_answer_has_the_request_id(self, http: Http) -> None:
        for answer in (http.put(b"{}"), http.put(b"["), http.get("/nowhere")):
            assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-RequestId"])
            assert answer.document["requestId"] == answer.headers["x-amzn-RequestId"]


def _query(counter: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"counter": counter})


def test_documents_are_json_for_any_reader(http: Http) -> None:
    request_id = http.put(json.dumps({"text": "\u2028 \U0001f9fe \\u0000"}).encode()).document["requestId"]
    http.finished(request_id)
    assert http.get(f"/requests/{request_id}").body.isascii()
