"""Requests of clients that no registry here holds, byte for byte as they leave these clients.

From api_reference.md, sections 1.10, 4.1, 4.2 and 4.3, and from what each client's HTTP library makes of its fields:
the order of headers and parts, the style of the boundary, the headers of a part. Where the library runs here
(form-data, undici, urllib, requests), its bytes were looked at.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

Fields = Sequence[tuple[str, str]]

# What the official Node CLI sends when no such option is given (section 4.1, point 1).
UNSET_IN_CLI = (
    "roi",
    "crop",
    "crop_margin",
    "scale",
    "position",
    "channels",
    "add_shadow",
    "semitransparency",
    "bg_color",
)


@dataclass(frozen=True)
class Target:
    """Where a client thinks the service is, and the key it was given."""

    host: str
    key: str


def _request(start: str, headers: Sequence[str], body: bytes = b"") -> bytes:
    return "\r\n".join([f"{start} HTTP/1.1", *headers, "", ""]).encode() + body


def _multipart(boundary: str, parts: Sequence[tuple[Sequence[str], bytes]]) -> bytes:
    """Return a form of parts, each the lines of its head and its content."""
    written = [
        f"--{boundary}\r\n".encode() + "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + content + b"\r\n"
        for head, content in parts
    ]
    return b"".join(written) + f"--{boundary}--\r\n".encode()


def _disposition(name: str, filename: str | None = None) -> str:
    return f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")


def _plain(fields: Fields) -> list[tuple[list[str], bytes]]:
    """Return the parts of fields that have no header but their name."""
    return [([_disposition(name)], value.encode()) for name, value in fields]


# --- Ruby: the gem remove_bg 2.2.1 on Faraday and Net::HTTP (section 4.3, client 1) -----------------------------


def _ruby(to: Target, start: str, content_type: str | None = None, body: bytes = b"") -> bytes:
    sent = [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"] if content_type else []
    headers = [
        "User-Agent: remove-bg-ruby-2.2.1",
        f"X-Api-Key: {to.key}",
        *sent,
        "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept: */*",
        f"Host: {to.host}",
    ]
    return _request(start, headers, body)


def ruby_file(to: Target, photo: bytes, options: Fields) -> bytes:
    """The gem's `from_file`; with an image library it asks for zip when the user wants png."""
    boundary = "-----------RubyMultipartPost-e0914442889e170c50608c131387f329"
    head = [
        _disposition("image_file", "photo.jpg"),
        f"Content-Length: {len(photo)}",
        "Content-Type: image/jpeg",
        "Content-Transfer-Encoding: binary",
    ]
    body = _multipart(boundary, [*_plain(options), (head, photo)])
    return _ruby(to, "POST /v1.0/removebg", f"multipart/form-data; boundary={boundary}", body)


def ruby_url(to: Target, url: str, options: Fields) -> bytes:
    """The gem's `from_url`; Faraday sorts the fields."""
    body = urlencode(sorted([*options, ("image_url", url)])).encode()
    return _ruby(to, "POST /v1.0/removebg", "application/x-www-form-urlencoded", body)


def ruby_account(to: Target) -> bytes:
    return _ruby(to, "GET /v1.0/account")


# --- Node: the official CLI 2.0.3 on superagent and form-data (section 4.3, client 2) ---------------------------


def node_cli(to: Target, photo: bytes, *, transfer_format: str = "zip") -> bytes:
    """The CLI on one file with no options: everything it knows goes along as an empty string."""
    boundary = "--------------------------b8af6e14664f38a95b65fd89"
    fields = [("size", "auto"), ("type", "auto"), ("type_level", ""), ("format", transfer_format)]
    fields += [(name, "rgba" if name == "channels" else "") for name in UNSET_IN_CLI]
    picture = ([_disposition("image_file", "photo.jpg"), "Content-Type: image/jpeg"], photo)
    body = _multipart(boundary, [picture, *_plain(fields)])
    headers = [
        f"Host: {to.host}",
        "Accept-Encoding: gzip, deflate",
        f"X-Api-Key: {to.key}",
        "User-Agent: remove-bg-cli-2.0.3",
        f"content-type: multipart/form-data; boundary={boundary}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return _request("POST /v1.0/removebg", headers, body)


# --- PHP: mtownsend/remove-bg on Guzzle 7 (section 4.3, client 3) -----------------------------------------------


def _php(
    to: Target, start: str, content_type: str | None = None, body: bytes = b"", *, accept: str | None = None
) -> bytes:
    sent = [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"] if content_type else []
    headers = [
        f"Host: {to.host}",
        "User-Agent: Mtownsend/RemoveBg (github.com/mtownsend5512/remove-bg)",
        f"X-API-Key: {to.key}",
        *([f"Accept: {accept}"] if accept else []),
        *sent,
    ]
    return _request(start, headers, body)


def php_file(to: Target, photo: bytes, extra: Fields = ()) -> bytes:
    """Its `file()`: a JPEG under a name and a type of PNG, and each part with its length."""
    boundary = "5f2b1c9d0e7a4c3b8d6e5f4a3b2c1d0e9f8a7b6c"
    head = [_disposition("image_file", "photo.png"), f"Content-Length: {len(photo)}", "Content-Type: image/png"]
    others = [([_disposition(name), f"Content-Length: {len(value.encode())}"], value.encode()) for name, value in extra]
    body = _multipart(boundary, [(head, photo), *others])
    return _php(to, "POST /v1.0/removebg", f"multipart/form-data; boundary={boundary}", body)


def php_form(to: Target, fields: Fields, *, accept: str | None = None) -> bytes:
    """Its `url()` and `base64()`; `getBase64()` asks for JSON."""
    body = urlencode(fields).encode()
    return _php(to, "POST /v1.0/removebg", "application/x-www-form-urlencoded", body, accept=accept)


def php_account(to: Target) -> bytes:
    return _php(to, "GET /v1.0/account")


# --- .NET: RemoveBg.Net on HttpClient (section 4.2, client 9) ---------------------------------------------------


def dotnet_file(to: Target, photo: bytes, options: Fields) -> bytes:
    """MultipartFormDataContent: a quoted boundary, names without quotes, the type of a part before its name."""
    boundary = "0e3a6f0c-2f5d-4c38-9f43-5a1f0a6d7b21"
    parts: list[tuple[list[str], bytes]] = [
        (["Content-Type: text/plain; charset=utf-8", f"Content-Disposition: form-data; name={name}"], value.encode())
        for name, value in options
    ]
    named = "Content-Disposition: form-data; name=image_file; filename=photo.jpg; filename*=utf-8''photo.jpg"
    body = _multipart(boundary, [*parts, ([named], photo)])
    headers = [
        f"Host: {to.host}",
        f"X-Api-Key: {to.key}",
        "Accept: image/*",
        f'Content-Type: multipart/form-data; boundary="{boundary}"',
        f"Content-Length: {len(body)}",
    ]
    return _request("POST /v1.0/removebg", headers, body)


def dotnet_account(to: Target) -> bytes:
    return _request("GET /v1.0/account", [f"Host: {to.host}", f"X-Api-Key: {to.key}", "Accept: application/json"])


# --- Go: the archived CLI on net/http and mime/multipart (section 4.2, client 8) --------------------------------


def go_cli(to: Target, photo: bytes, params: Fields) -> bytes:
    """The file first and without its type, then the options in whatever order Go's map gives them."""
    boundary = "2a1d7c5e9b3f4861a0c2e4d6f8b0a2c4e6d8f0b1a3c5e7d9f1b3a5c7e9d1"
    picture = ([_disposition("image_file", "photo.jpg"), "Content-Type: application/octet-stream"], photo)
    body = _multipart(boundary, [picture, *_plain(params)])
    headers = [
        f"Host: {to.host}",
        "User-Agent: remove-bg-go-1.1.0",
        f"Content-Length: {len(body)}",
        f"Content-Type: multipart/form-data; boundary={boundary}",
        f"X-Api-Key: {to.key}",
        "Accept-Encoding: gzip",
    ]
    return _request("POST /v1.0/removebg", headers, body)


# --- Poof: @poof-bg/js on the fetch of Node (section 1.10) ------------------------------------------------------


def _node_fetch(to: Target, start: str, headers: Sequence[str], *, accept: str = "*/*", body: bytes = b"") -> bytes:
    common = [
        f"host: {to.host}",
        "connection: keep-alive",
        f"x-api-key: {to.key}",
        *headers,
        f"accept: {accept}",
        "accept-language: *",
        "sec-fetch-mode: cors",
        "user-agent: node",
        "accept-encoding: gzip, deflate",
    ]
    return _request(start, [*common, f"content-length: {len(body)}"] if body else common, body)


def poof_js(to: Target, photo: bytes, options: Fields) -> bytes:
    """Its `removeBackground`; `crop` goes along whenever it is given, as "false" too."""
    boundary = "----formdata-undici-005112366875"
    picture = ([_disposition("image_file", "photo.jpg"), "Content-Type: image/jpeg"], photo)
    body = _multipart(boundary, [picture, *_plain(options)])
    return _node_fetch(to, "POST /v1/remove", [f"content-type: multipart/form-data; boundary={boundary}"], body=body)


def poof_js_me(to: Target) -> bytes:
    return _node_fetch(to, "GET /v1/me", [], accept="application/json")


# --- GIMP: RemoveBG-GIMP, a form made by hand and urllib (section 4.2, client 10) -------------------------------


def gimp(to: Target, picture: bytes) -> bytes:
    """One part, always `a.png`, and no size: a preview."""
    boundary = "jsdjfhsaasdfadflfhahfhj"
    body = _multipart(boundary, [([_disposition("image_file", "a.png"), "Content-Type: image/png"], picture)])
    headers = [
        "Accept-Encoding: identity",
        f"Host: {to.host}",
        "User-Agent: Python-urllib/3.11",
        f"X-Api-Key: {to.key}",
        f"Content-Type: multipart/form-data; boundary={boundary}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return _request("POST /v1.0/removebg", headers, body)


# --- Figma: figma-remove-bg, from a web view whose origin is "null" (sections 4.1, point 11, and 4.2, client 11) -


def _web_view(to: Target, headers: Sequence[str]) -> list[str]:
    return [
        f"Host: {to.host}",
        "Connection: keep-alive",
        *headers,
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: empty",
        "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Figma",
        "Accept-Encoding: gzip, deflate, br",
        "Accept-Language: en-US",
    ]


def figma_preflight(to: Target, headers: str) -> bytes:
    """What a web view asks before it sends a header of its own; it shows no key."""
    asked = ["Accept: */*", "Access-Control-Request-Method: POST", f"Access-Control-Request-Headers: {headers}"]
    return _request("OPTIONS /v1.0/removebg", _web_view(to, asked))


def figma_form(to: Target, picture: bytes) -> bytes:
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW9"
    named = ([_disposition("image_file", "blob"), "Content-Type: application/octet-stream"], picture)
    body = _multipart(boundary, [*_plain([("size", "auto")]), named])
    sent = [f"Content-Length: {len(body)}", f"X-Api-Key: {to.key}"]
    sent += [f"Content-Type: multipart/form-data; boundary={boundary}", "Accept: */*"]
    return _request("POST /v1.0/removebg", _web_view(to, sent), body)


def figma_json(to: Target, fields: Mapping[str, str]) -> bytes:
    """The plug-in before March 2024: JSON both ways."""
    body = json.dumps(fields, separators=(",", ":")).encode()
    sent = [f"Content-Length: {len(body)}", f"X-Api-Key: {to.key}"]
    sent += ["Content-Type: application/json", "Accept: application/json"]
    return _request("POST /v1.0/removebg", _web_view(to, sent), body)


# --- Python: removebg as it stands in its repository, newer than PyPI's, on requests (section 4.3, client 5) ----


def python_removebg(to: Target, photo: bytes, background: bytes | None = None) -> bytes:
    """Every default goes along, and the region of interest has a zero without a unit (section 4.1, points 2 and 3)."""
    boundary = "22d25977bf871bb1b0e3bf7fc7ae799a"
    fields = [
        ("size", "regular"),
        ("type", "auto"),
        ("type_level", "none"),
        ("format", "auto"),
        ("roi", "0 0 100% 100%"),
        ("crop", "false"),
        ("scale", "original"),
        ("position", "original"),
        ("channels", "rgba"),
        ("add_shadow", "false"),
        ("semitransparency", "true"),
    ]
    files = [([_disposition("image_file", "photo.jpg")], photo)]
    if background is not None:
        files.append(([_disposition("bg_image_file", "blank.png")], background))
    body = _multipart(boundary, [*_plain(fields), *files])
    headers = [
        f"Host: {to.host}",
        "User-Agent: python-requests/2.34.2",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
        f"X-Api-Key: {to.key}",
        f"Content-Length: {len(body)}",
        f"Content-Type: multipart/form-data; boundary={boundary}",
    ]
    return _request("POST /v1.0/removebg", headers, body)


# --- Node: a script on axios, whose Accept names JSON and everything else (section 4.2, row 15) -----------------


def axios_url(to: Target, url: str) -> bytes:
    """A sample for Node: axios says what it would like best, and takes anything; the script wants bytes."""
    body = json.dumps({"image_url": url, "size": "auto"}, separators=(",", ":")).encode()
    headers = [
        "Accept: application/json, text/plain, */*",
        "Content-Type: application/json",
        f"X-Api-Key: {to.key}",
        "User-Agent: axios/1.7.9",
        f"Content-Length: {len(body)}",
        "Accept-Encoding: gzip, compress, deflate, br",
        f"Host: {to.host}",
        "Connection: keep-alive",
    ]
    return _request("POST /v1.0/removebg", headers, body)
