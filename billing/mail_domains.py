"""Who owns a mail address: its mailbox without aliases, and the domain that one owner registered.

The registrable domain comes from a short list of public suffixes and not from the Public Suffix List: a package with
that list must be kept current, and a wrong answer costs little here. A suffix that is missing counts its owners
together, so that they share a budget and can ask the operator. Mailboxes that a provider hides behind random names
(iCloud Hide My Email) cannot be recognized.
"""

GOOGLE_HOSTS = ("gmail.com", "googlemail.com")
ICLOUD_HOSTS = ("icloud.com", "me.com", "mac.com")
PROTON_HOSTS = ("proton.me", "protonmail.com", "protonmail.ch", "pm.me")
YANDEX_HOSTS = ("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru")
YAHOO_HOSTS = (
    *("yahoo.com", "yahoo.co.uk", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.id", "yahoo.com.ar", "yahoo.com.au"),
    *("yahoo.com.br", "yahoo.com.mx", "yahoo.com.ph", "yahoo.com.sg", "yahoo.com.tr", "yahoo.com.tw", "yahoo.com.vn"),
    *("yahoo.ca", "yahoo.de", "yahoo.dk", "yahoo.es", "yahoo.fr", "yahoo.gr", "yahoo.ie", "yahoo.in", "yahoo.it"),
    *("yahoo.no", "yahoo.pl", "yahoo.ro", "yahoo.se", "ymail.com", "rocketmail.com", "myyahoo.com"),
)
MICROSOFT_HOSTS = (
    *("outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "outlook.jp", "outlook.pt", "outlook.in"),
    *("outlook.com.au", "outlook.com.br", "hotmail.com", "hotmail.be", "hotmail.ca", "hotmail.ch", "hotmail.co.jp"),
    *("hotmail.co.uk", "hotmail.com.ar", "hotmail.com.br", "hotmail.com.tr", "hotmail.de", "hotmail.es", "hotmail.fr"),
    *("hotmail.gr", "hotmail.it", "hotmail.nl", "hotmail.se", "live.com", "live.be", "live.ca", "live.cn", "live.de"),
    *("live.co.uk", "live.com.ar", "live.com.mx", "live.dk", "live.fr", "live.ie", "live.it", "live.jp", "live.nl"),
    *("live.no", "live.se", "msn.com", "passport.com", "windowslive.com"),
)
OTHER_LARGE_PROVIDERS = (
    *("aol.com", "aim.com", "fastmail.com", "fastmail.fm", "hey.com", "zoho.com", "zohomail.eu", "zohomail.com"),
    *("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.us", "gmx.fr", "web.de", "mail.com", "email.com"),
    *("t-online.de", "freenet.de", "arcor.de", "posteo.de", "mailbox.org", "tutanota.com", "tutamail.com", "tuta.io"),
    *("tuta.com", "keemail.me", "1und1.de", "bluewin.ch", "hispeed.ch", "sunrise.ch", "orange.fr", "wanadoo.fr"),
    *("free.fr", "laposte.net", "sfr.fr", "neuf.fr", "bbox.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it"),
    *("tin.it", "telefonica.net", "ziggo.nl", "kpnmail.nl", "planet.nl", "telenet.be", "skynet.be", "btinternet.com"),
    *("sky.com", "virginmedia.com", "talktalk.net", "ntlworld.com", "comcast.net", "verizon.net", "att.net", "cox.net"),
    *("sbcglobal.net", "bellsouth.net", "charter.net", "earthlink.net", "optonline.net", "rogers.com", "shaw.ca"),
    *("bell.net", "sympatico.ca", "bigpond.com", "optusnet.com.au", "xtra.co.nz", "uol.com.br", "bol.com.br"),
    *("terra.com.br", "ig.com.br", "globo.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "rambler.ru"),
    *("ukr.net", "i.ua", "seznam.cz", "email.cz", "centrum.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "op.pl"),
    *("abv.bg", "freemail.hu", "citromail.hu", "azet.sk", "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net"),
    *("sina.com", "sina.cn", "sohu.com", "aliyun.com", "139.com", "naver.com", "hanmail.net", "daum.net", "kakao.com"),
    *("nate.com", "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp", "nifty.com", "rediffmail.com"),
)
LARGE_PROVIDERS = frozenset(
    (
        *(*GOOGLE_HOSTS, *ICLOUD_HOSTS, *PROTON_HOSTS, *YANDEX_HOSTS),
        *(*YAHOO_HOSTS, *MICROSOFT_HOSTS, *OTHER_LARGE_PROVIDERS),
    )
)
"""Hosts where unrelated people have mailboxes: the whole host, not its subdomains."""

SECOND_LEVEL_NAMES = frozenset(
    (
        *("ac", "co", "com", "edu", "gob", "gov", "govt", "gv", "id", "ind", "info", "ltd", "me", "mil", "net"),
        *("nhs", "nom", "or", "org", "ne", "go", "plc", "police", "sch", "school", "web", "biz", "name", "pro"),
    )
)
"""Under the top-level domain of a country these are public suffixes, as in example.co.uk and example.com.au."""


def mailbox_of(address: str) -> str:
    """Return the one name of a mailbox, in lower case and without the aliases that its provider delivers to it."""
    name, _at, host = address.strip().lower().rpartition("@")
    host = _in_ascii(host)
    name = name.partition("+")[0]
    if host in GOOGLE_HOSTS:
        return f"{name.replace('.', '')}@{GOOGLE_HOSTS[0]}"
    if host in ICLOUD_HOSTS:
        return f"{name}@{ICLOUD_HOSTS[0]}"
    if host in PROTON_HOSTS:
        return f"{name.translate(str.maketrans('', '', '.-_'))}@{PROTON_HOSTS[0]}"
    if host in YANDEX_HOSTS:
        return f"{name.replace('-', '.')}@{YANDEX_HOSTS[0]}"
    if host in YAHOO_HOSTS:
        return f"{name.partition('-')[0]}@{host}"
    return f"{name}@{host}"


def owned_domain_of(address: str) -> str | None:
    """Return the registrable domain of an address; None at a large provider, whose users are not related."""
    host = _in_ascii(address.strip().lower().rpartition("@")[2])
    return None if host in LARGE_PROVIDERS else registrable(host)


def registrable(host: str) -> str:
    """Return the part of a host that one owner registered: example.co.uk of mail.example.co.uk."""
    labels = host.rstrip(".").split(".")
    has_public_second = len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL_NAMES
    return ".".join(labels[-3:] if has_public_second else labels[-2:])


def _in_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host
