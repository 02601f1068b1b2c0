"""A pasted command line is split as a shell would split it, and never run."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from removebg.migrating.shell import Unreadable, quoted, read_command, shown, variable


def words(text):
    return [shown(word) for word in read_command(text).words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl a b", ["curl", "a", "b"]),
        ("  curl\t'a b'  \"c d\"  ", ["curl", "a b", "c d"]),
        ("curl a\\ b", ["curl", "a b"]),
        ("curl 'a'\"b\"c", ["curl", "abc"]),
        ("curl ''", ["curl", ""]),
        ("curl \\\n  -f \\\n  x", ["curl", "-f", "x"]),
        ("curl \\\r\n  -f", ["curl", "-f"]),
        ("curl \\  \n  -f", ["curl", "-f"]),
        ('curl "a\\"b\\$c\\n"', ["curl", 'a"b$c\\n']),
        ("curl 'a\\'", ["curl", "a\\"]),
        ("curl $'it\\'s \\x41\\u00e9\\n'", ["curl", "it's Aé\n"]),
        ("curl $KEY \"${KEY}x\" '$KEY'", ["curl", "$KEY", "$KEYx", "$KEY"]),
        ('curl 5$ "$" $5', ["curl", "5$", "$", "$5"]),
        ("# first\ncurl a # last", ["curl", "a"]),
        ("curl a#b", ["curl", "a#b"]),
        ("\n\n curl a", ["curl", "a"]),
        ('curl ^\r\n  -f ^\r\n  "x y"', ["curl", "-f", "x y"]),
        ('curl ^"a b^" -d ^"{^\\^"c^\\^":1}^"', ["curl", "a b", "-d", '{"c":1}']),
        ('curl ^\n -H "x: %KEY%" 100%', ["curl", "-H", "x: $KEY", "100%"]),
        ("curl `\n  -f", ["curl", "-f"]),
        ("curl -F a=<b", ["curl", "-F", "a=<b"]),
        ("curl\u00a0-f", ["curl", "-f"]),
    ],
)
def test_words_are_split_as_by_a_shell(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize("more", ["| cat", "; rm -rf /", "&& echo x", "\necho x", "|| true", "& sleep 1"])
def test_what_follows_the_first_command_is_left_out_and_told(more):
    line = read_command(f"curl a {more}")

    assert (line.words, line.has_more) == (["curl", "a"], True)


@pytest.mark.parametrize("end", ["", ";", " &", "\n", " ;\n\n"])
def test_an_end_alone_is_nothing_more(end):
    assert not read_command(f"curl a{end}").has_more


@pytest.mark.parametrize(
    ("text", "saved_as"),
    [
        ("curl a > b.png", "b.png"),
        ("curl a >b.png -f", "b.png"),
        ("curl a >> 'b c.png'", "b c.png"),
        ("curl a 2>/dev/null", None),
        ("curl a > b.png 2>/dev/null", "b.png"),
        ("curl a 2>&1 > b.png", "b.png"),
    ],
)
def test_where_the_output_goes_is_read_and_is_no_word(text, saved_as):
    line = read_command(text)

    assert line.saved_as == saved_as
    assert line.words in (["curl", "a"], ["curl", "a", "-f"])


def test_lines_that_begin_with_an_option_belong_to_the_call_without_a_backslash_too():
    line = read_command("curl a\n  -f\n  -o b")

    assert (line.words, line.joined_lines) == (["curl", "a", "-f", "-o", "b"], True)


@pytest.mark.parametrize("text", ["curl $(touch {0})", 'curl "$(touch {0})"', "curl `touch {0}`", 'curl "`touch {0}`"'])
def test_substitutions_are_plain_text_and_told(text, tmp_path):
    line = read_command(text.format(tmp_path / "made"))

    assert line.has_substitutions
    assert not (tmp_path / "made").exists()
    again = " ".join(["echo", *map(quoted, line.words)])
    subprocess.run(["sh", "-c", again], check=True, capture_output=True)
    assert not (tmp_path / "made").exists(), "what is shown runs nothing either"


@pytest.mark.parametrize("text", ["curl 'a", 'curl "a', "curl $'a", "curl $(a", "curl `a", "curl $(a (b)"])
def test_what_is_opened_has_to_be_closed(text):
    with pytest.raises(Unreadable, match="not closed"):
        read_command(text)


def test_nul_and_our_own_marks_are_dropped():
    assert words("cu\0rl \ue000KEY\ue001") == ["curl", "KEY"]


def test_a_variable_is_written_again_as_one_and_everything_else_as_it_stood():
    word = f'a "b" `c` \\ $(d) {variable("KEY")}'

    done = subprocess.run(
        ["sh", "-c", f"printf %s {quoted(word)}"], env={"KEY": "k'v"}, capture_output=True, text=True, check=True
    )

    assert done.stdout == 'a "b" `c` \\ $(d) k\'v'


@given(st.lists(st.text(st.characters(exclude_characters="\0\r\ue000\ue001^`", exclude_categories=["Cs"])), min_size=1))
def test_what_was_quoted_is_read_back(texts):
    line = read_command("x " + " ".join(shlex.quote(text) for text in texts))

    assert line.words == ["x", *texts]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    try:
        line = read_command(text)
    except Unreadable:
        return
    assert all("\0" not in word for word in line.words)
