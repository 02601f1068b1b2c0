# ruff: noqa: E501 - calls as people copy them are long
"""Paste a curl call for a rival, get ours: every shape that people copy, every verdict, and no secret ever again."""

import logging
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from removebg.documents.guides import GUIDES, parameter_rows
from removebg.migrating.curl import FLAGS, SHORT, TAKE_A_VALUE
from removebg.migrating.shell import Unreadable
from removebg.migrating.translation import MOST_CHARACTERS, translate
from tests.factories import make_key, make_member, make_organization

HERE = "http://localhost:8000"
REMOVE_BG, POOF = "https://api.remove.bg/v1.0/removebg", "https://api.poof.bg/v1/remove"
SECRET = "sk_live_9f8e7d6c5b4a"


@pytest.fixture(autouse=True)
def this_server(settings):
    settings.PUBLIC_URL = HERE


def command_of(text):
    return shlex.split(translate(text).command.replace("\\\n", ""))


def verdicts_of(text):
    return {finding.name: finding.verdict for finding in translate(text).findings}


def why(text, name):
    return next(str(finding.why) for finding in translate(text).findings if finding.name == name)


OURS_V1_0 = ["curl", "-f", f"{HERE}/v1.0/removebg", "-H", "x-api-key: $KEY"]
OURS_V1 = ["curl", "-f", f"{HERE}/v1/remove", "-H", "x-api-key: $KEY"]
FILE = ["-F", "image_file=@photo.jpg"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # remove.bg's own sample
        (
            f"curl -H 'X-API-Key: {SECRET}' -F 'image_file=@/path/to/file.jpg' -F 'size=auto' -f {REMOVE_BG} -o no-bg.png",
            [*OURS_V1_0, "-F", "image_file=@/path/to/file.jpg", "-F", "size=auto", "-o", "no-bg.png"],
        ),
        # several lines, double quotes, long words
        (
            f'curl --request POST "{REMOVE_BG}" \\\n  --header "X-Api-Key: {SECRET}" \\\n  --form "image_file=@photo.jpg" \\\n'
            "  --form size=preview \\\n  --output out.png",
            [*OURS_V1_0, *FILE, "-F", "size=preview", "-o", "out.png"],
        ),
        # Poof's sample
        (
            f'curl -X POST {POOF} -H "x-api-key: {SECRET}" -F "image_file=@photo.jpg" -F format=webp -o out.webp',
            [*OURS_V1, *FILE, "-F", "format=webp", "-o", "out.webp"],
        ),
        # Windows
        (
            f'curl.exe "{POOF}" ^\r\n  -H "x-api-key: {SECRET}" ^\r\n  -F "image_file=@C:\\photos\\a b.jpg" ^\r\n  -o "o.png"',
            [*OURS_V1, "-F", "image_file=@C:\\photos\\a b.jpg", "-o", "o.png"],
        ),
        # a browser's "copy as cURL (cmd)"
        (
            f'curl ^"{REMOVE_BG}^" ^\n  -H ^"x-api-key: {SECRET}^" ^\n  -H ^"content-type: application/json^" ^\n'
            '  --data-raw ^"{^\\^"image_url^\\^":^\\^"https://a.example/b.jpg^\\^"}^" -o o.png',
            [*OURS_V1_0, "-H", "Content-Type: application/json", "-d", '{"image_url": "https://a.example/b.jpg"}', "-o", "o.png"],
        ),
        # JSON, with a quote in ANSI-C quoting
        (
            f"curl {REMOVE_BG} -H 'X-Api-Key: {SECRET}' --json $'{{\"image_url\": \"https://a.example/it\\'s.jpg\"}}' -o o.png",
            [*OURS_V1_0, "-H", "Content-Type: application/json", "-d", '{"image_url": "https://a.example/it\'s.jpg"}', "-o", "o.png"],
        ),
        # urlencoded
        (
            f"curl {REMOVE_BG} -H 'X-Api-Key: {SECRET}' -d 'image_url=https%3A%2F%2Fa.example%2Fb.jpg&size=auto' -o o.png",
            [*OURS_V1_0, "--data-urlencode", "image_url=https://a.example/b.jpg", "--data-urlencode", "size=auto", "-o", "o.png"],
        ),
        (
            f"curl {REMOVE_BG} -H 'X-Api-Key: {SECRET}' --data-urlencode image_file_b64@photo.b64 -d size=auto -o o.png",
            [*OURS_V1_0, "--data-urlencode", "image_file_b64@photo.b64", "--data-urlencode", "size=auto", "-o", "o.png"],
        ),
        # a body from a file
        (
            f"curl {REMOVE_BG} -H 'X-Api-Key: {SECRET}' -H 'Content-Type: application/json' -d @photo.json -o o.png",
            [*OURS_V1_0, "-H", "Content-Type: application/json", "-d", "@photo.json", "-o", "o.png"],
        ),
        # options in one word, values without a blank, no scheme, a redirect
        (
            f"curl -sSL -XPOST -Hx-api-key:{SECRET} -Fimage_file=@photo.jpg api.poof.bg/v1/remove > out.png 2>/dev/null",
            ["curl", "-f", "-s", "-S", "-L", f"{HERE}/v1/remove", "-H", "x-api-key: $KEY", *FILE, "-o", "out.png"],
        ),
        # kept options; base64 from a file without quotes; a trailing slash
        (
            f"curl --compressed -m 30 --retry 3 -H 'Authorization: Bearer {SECRET}' -F image_file_b64=<a.b64 {POOF}/ -o o.png",
            ["curl", "-f", "--compressed", f"{HERE}/v1/remove", "-H", "x-api-key: $KEY", "-F", "image_file_b64=<a.b64",
             "-m", "30", "--retry", "3", "-o", "o.png"],
        ),
        # the accounts
        (f"curl -H 'X-Api-Key: {SECRET}' https://api.remove.bg/v1.0/account", ["curl", "-f", f"{HERE}/v1.0/account", "-H", "x-api-key: $KEY"]),
        (f"$ curl -H 'x-api-key: {SECRET}' https://api.poof.bg/v1/me", ["curl", "-f", f"{HERE}/v1/me", "-H", "x-api-key: $KEY"]),
        # headers that count
        (
            f"curl {REMOVE_BG} -H 'X-Api-Key: {SECRET}' -H 'Accept: application/json' -H 'Idempotency-Key: a-1' -F image_file=@photo.jpg",
            [*OURS_V1_0, "-H", "Accept: application/json", "-H", "Idempotency-Key: a-1", *FILE],
        ),
    ],
)  # fmt: skip
def test_a_call_becomes_ours(text, expected):
    assert command_of(text) == expected
    assert SECRET not in repr(translate(text))


def test_a_variable_stays_one_and_nothing_else_is_replaced_by_a_shell():
    shown = translate(f'curl {POOF} -F "image_url=$PHOTO" -F \'bg_color=$(id)\' -o "${{NAME}}.png"').command

    assert '-F "image_url=$PHOTO"' in shown
    assert "-F 'bg_color=$(id)'" in shown
    assert '-o "$NAME.png"' in shown


@pytest.mark.parametrize(
    ("text", "name", "verdict"),
    [
        (f"curl {REMOVE_BG} -F image_file=@a.jpg", "image_file", "same"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F size=auto", "size", "different"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F semitransparency=true", "semitransparency", "ignored"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F type_level=1", "type_level", "ignored"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F 'shadow_type[car]=car'", "shadow_type[car]", "different"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F size=enormous", "size", "wrong"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F roi=all", "roi", "wrong"),
        (f"curl {REMOVE_BG} -F image_file=a.jpg", "image_file", "wrong"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F nonsense=1", "nonsense", "left out"),
        (f"curl {POOF} -F image_file=@a.jpg -F padding=10%", "padding", "different"),
        (f"curl {POOF} -F image_file=@a.jpg -F format=mp4", "format", "wrong"),
        (f"curl {POOF} -F image_file=@a.jpg -F webhook_url=https://a.example", "webhook_url", "ignored"),
        (f"curl {POOF} -F image_file=@a.jpg -F channels=rgba", "channels", "same"),
        (f"curl {POOF} -F image_file=@a.jpg -H 'Accept: image/png'", "Accept", "ignored"),
        (f"curl {POOF} -F image_file=@a.jpg -H 'X-Trace: 1'", "X-Trace", "left out"),
        (f"curl {POOF} -F image_file=@a.jpg", "x-api-key", "added"),
        (f"curl {POOF} -F image_file=@a.jpg -H 'x-api-key: k'", "x-api-key", "different"),
        (f"curl {POOF} -F image_file=@a.jpg", "-f", "added"),
        (f"curl {POOF} -F image_file=@a.jpg", "-o cutout.png", "added"),
        (f"curl -k {POOF} -F image_file=@a.jpg", "-k", "left out"),
        (f"curl -u me:pass {POOF} -F image_file=@a.jpg", "-u", "left out"),
    ],
)
def test_each_thing_in_a_call_has_its_verdict(text, name, verdict):
    assert verdicts_of(text)[name] == verdict


def test_why_is_what_the_guide_says():
    assert "<code>semitransparency</code>" not in why(
        f"curl {REMOVE_BG} -F image_file=@a.jpg -F semitransparency=1", "semitransparency"
    )
    assert "Checked, then ignored" in why(
        f"curl {REMOVE_BG} -F image_file=@a.jpg -F semitransparency=1", "semitransparency"
    )
    assert "10% by default" in why(f"curl {POOF} -F image_file=@a.jpg -F padding=10%", "padding")
    assert "must be one of" in why(f"curl {POOF} -F image_file=@a.jpg -F format=mp4", "format")


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_every_parameter_of_a_guide_can_be_told(guide):
    url = REMOVE_BG if guide.slug == "remove-bg" else POOF
    names = parameter_rows(guide)
    assert len(names) > 15

    for name in names:
        assert verdicts_of(f"curl {url} -F '{name}=1'").get(name) in ("same", "different", "ignored", "wrong"), name


def test_a_value_that_only_a_shell_knows_is_not_judged():
    assert verdicts_of(f'curl {REMOVE_BG} -F image_file=@a.jpg -F "size=$SIZE"')["size"] == "different"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"curl {POOF} -F image_file=@a.jpg --frobnicate", "--frobnicate"),
        (f"curl {POOF} -F image_file=@a.jpg -Z!", "-Z"),
        (f"curl {POOF} -F image_file=@a.jpg | base64", "Only the first command"),
        (f"curl {POOF} -F image_file=@a.jpg -F bg_color=$(cat x)", "Nothing was run"),
        (f"curl {POOF}\n-F image_file=@a.jpg", "no backslash"),
        (f"curl {POOF} {POOF} -F image_file=@a.jpg", "More than one address"),
        (f"curl '{POOF}?size=auto' -F image_file=@a.jpg", "behind the ?"),
        (f"curl -X PUT {POOF} -F image_file=@a.jpg", "takes POST"),
        (f"curl -G {POOF} -d image_url=https://a.example/b", "takes POST"),
        (f"curl {POOF} -F image_file=@a.jpg -d size=auto", "cannot stand together"),
        (f"curl {POOF} -F size=full", "No picture is sent"),
        (f"curl {REMOVE_BG} -F image_file=@a.jpg -F image_url=https://a.example/b", "More than one picture"),
        (f'curl {POOF} --json \'{{"image_url": "https://a.example/b"}}\'', "JSON is not taken on v1"),
        (f'curl {REMOVE_BG} -d \'{{"image_url": "https://a.example/b"}}\'', "no Content-Type says so"),
        (f"curl {REMOVE_BG} -d @body.json", "cannot see"),
        ("curl https://cutouts.example.com/v1/remove -F image_file=@a.jpg", "read by its path"),
    ],
)
def test_what_to_look_at_is_told(text, told):
    assert [warning for warning in translate(text).warnings if told in warning]


@pytest.mark.parametrize(
    "text", [f"curl {POOF} -F image_file=@a.jpg", f"curl {REMOVE_BG} -F image_file=@a.jpg -f -o a.png"]
)
def test_a_plain_call_is_not_warned_of(text):
    assert translate(text).warnings == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no command"),
        ("   \n ", "no command"),
        (f"wget {POOF}", "no curl"),
        ("requests.post('https://api.remove.bg/v1.0/removebg')", "no curl"),
        ("curl", "no address"),
        ("curl -f -s", "no address"),
        ("curl https://example.com/upload -F a=@b", "none of remove.bg's or Poof's"),
        ("curl https://api.poof.bg/v1/jobs/1", "no such endpoint"),
        ("curl https://api.remove.bg/v1.0/classify", "no such endpoint"),
        (f"curl {POOF} -H", "After -H"),
        (f"curl {POOF} --form", "After --form"),
        (f"curl '{POOF}", "not closed"),
        (f"curl {REMOVE_BG} --json '{{image_url: x}}'", "cannot be read as JSON"),
        (f"curl {REMOVE_BG} --json '[1]'", "no object"),
        ("curl " + "x" * MOST_CHARACTERS, "longer than"),
        ("curl http://[::1 -F a=b", "none of"),
    ],
)
def test_what_is_no_such_call_is_told_in_words(text, told):
    with pytest.raises(Unreadable, match=re.escape(told)):
        translate(text)


@pytest.mark.parametrize(
    "text",
    [
        f"curl {POOF} -H 'x-api-key: {SECRET}' -F image_file=@a.jpg",
        f"curl {POOF} -H 'Authorization: Bearer {SECRET}' -F image_file=@a.jpg",
        f"curl {POOF} -H 'X-API-KEY:{SECRET}' -F 'image_url=https://a.example/?k={SECRET}' -o {SECRET}.png",
        f"curl https://me:{SECRET}@api.poof.bg/v1/remove -F image_file=@a.jpg",
        f"curl -u me:{SECRET} {POOF} -F image_file=@a.jpg",
        f"curl -b 'session={SECRET}' -H 'Cookie: a={SECRET}' {POOF} -F image_file=@a.jpg",
        f"curl -x http://me:{SECRET}@proxy {POOF} -F image_file=@a.jpg",
        f"curl --oauth2-bearer {SECRET} {POOF} -F image_file=@a.jpg",
        f"curl --api-key={SECRET} {POOF} -F image_file=@a.jpg",
        f"curl -Z{SECRET} {POOF} -F image_file=@a.jpg",
        f"curl '{POOF}?api_key={SECRET}' -F api_key={SECRET} -F image_file=@a.jpg",
        f"KEY={SECRET} curl {POOF} -F image_file=@a.jpg",
        f"curl {POOF} -F image_file=@a.jpg; export KEY={SECRET}",
        f"curl {POOF} -F image_file=@a.jpg | tee {SECRET}",
        f"curl {POOF} -H 'X-{SECRET}_: 1' -F image_file=@a.jpg".replace("X-sk", "X-SK"),
        f"curl '{POOF} {SECRET}",
        f"echo {SECRET}",
        f"curl https://{SECRET}.example/",
        f'curl {REMOVE_BG} --json \'{{"k": "{SECRET}"\'',
    ],
)
@pytest.mark.django_db
def test_a_secret_is_not_shown_again_and_not_logged(client, caplog, text):
    with caplog.at_level(logging.DEBUG):
        page = client.post("/docs/migrate/", {"command": text})

    shown = re.sub(r"X-SK_live_[0-9a-f]+", "", page.content.decode())  # the name of a header is no value
    assert SECRET not in shown
    assert SECRET not in caplog.text
    assert page.status_code in (200, 400)
    assert page["Cache-Control"].count("no-store")


@pytest.mark.django_db
def test_the_page_works_without_a_script_and_shows_the_call(client):
    page = client.post(
        "/docs/migrate/", {"command": f"curl {POOF} -H 'x-api-key: k' -F 'image_file=@<b>.jpg' -F 'size=a<i>'"}
    )
    text = page.content.decode()

    assert page.status_code == 200
    assert f"curl -f {HERE}/v1/remove" in text
    assert "would be refused" in text
    assert "<b>" not in text
    assert "<i>" not in text


@pytest.mark.django_db
def test_the_page_tells_a_member_which_key_to_use(client):
    organization = make_organization()
    make_key(organization, name="shop-import")
    client.force_login(make_member(organization))

    assert "shop-import" in client.post("/docs/migrate/", {"command": f"curl {POOF} -F image_file=@a"}).content.decode()


@pytest.mark.django_db
def test_a_fault_is_tied_to_the_field_and_a_missing_field_is_one(client):
    for form in ({"command": "ls"}, {}):
        page = client.post("/docs/migrate/", form)
        assert page.status_code == 400
        assert 'aria-describedby="command_hint command_fault"' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("size", [MOST_CHARACTERS + 1, 900_000, 3_000_000])
def test_a_huge_paste_is_refused_quickly_and_in_words(client, size):
    page = client.post("/docs/migrate/", {"command": "curl " + "a" * size})

    assert page.status_code == 400
    assert len(page.content) < 20_000


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused(client):
    client.handler.enforce_csrf_checks = True

    assert client.post("/docs/migrate/", {"command": "curl x"}).status_code == 403


HOSTILE = [
    "curl " + POOF + ' -F \'image_url=\\ud800\' --json \'{"image_url": "\\ud800", "shadow_type": {"\\udfff": [[]]}}\'',
    f'curl {REMOVE_BG} --json \'{{"image_url": "\\ud800", "size": [1, {{}}], "roi": 7, "shadow_type": {{"car": null}}}}\'',
    f"curl {REMOVE_BG} -d $'image_url=\\ud800\\x00'",
    f"curl {REMOVE_BG} --json '" + "[" * 15_000 + "'",
    f'curl {REMOVE_BG} --json \'{{"size": ' + "9" * 15_000 + "}'",
    f"curl {POOF} " + "-H a:bbbbbbbbb " * 1200,
    f"curl {POOF} " + "-F image_url=cccccccc " * 800,
    "curl " + "$(" * 9000,
    "curl " + "\n-" * 9000,
    "^\n" * 9000,
    "curl " + "%a" * 9000,
    "curl\0 " + POOF + "\0 -F image_file=@a\0.jpg",
    f"curl {POOF} -F =x -F = -F '' -d '' -H '' -H ':' --data-urlencode '' --data-urlencode =",
    f"curl {REMOVE_BG} -F 'crop_margin={'9' * 5000}px' -F 'scale={'9' * 5000}%'",
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_gets_an_answer_and_no_crash(client, text):
    assert client.post("/docs/migrate/", {"command": text}).status_code in (200, 400)


PIECES = st.one_of(
    st.sampled_from(
        ["curl", POOF, REMOVE_BG, "-H", "x-api-key: k", "-F", "-d", "size=auto", "image_file=@a.jpg", "\\\n", "^\n"]
    ),
    st.sampled_from([f"--{name}" for name in sorted(TAKE_A_VALUE | FLAGS)] + [f"-{letter}" for letter in SHORT]),
    st.sampled_from(list("'\"$`;|&><()#^%\\ \n\0{}[]=@:")),
    st.text(max_size=8),
)


@given(st.lists(PIECES, max_size=14).map(lambda pieces: f"curl {POOF} " + " ".join(pieces)))
def test_any_call_is_translated_or_refused_in_words(text):
    try:
        found = translate(text)
    except Unreadable as fault:
        assert str(fault)
        return
    assert shlex.split(found.command)[0] == "curl"
    found.command.encode()
