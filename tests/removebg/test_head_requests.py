"""Answers to HEAD have no body, and are closed like others."""

from removebg.head_requests import bodies_of_head_dropped


class Answer(list):
    is_closed = False

    def close(self):
        self.is_closed = True


def test_head_gets_the_headers_alone():
    told, answer = [], Answer([b"one", b"two"])

    def site(environ, start_response):
        start_response("200 OK", [("Content-Length", "6")])
        return answer

    for method, body in (("HEAD", b""), ("GET", b"onetwo")):
        pieces = bodies_of_head_dropped(site)({"REQUEST_METHOD": method}, lambda *head: told.append(head))
        assert b"".join(pieces) == body

    assert told == [("200 OK", [("Content-Length", "6")])] * 2
    assert answer.is_closed
