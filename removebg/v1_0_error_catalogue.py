"""What each error code means that only the v1.0 dialect has: remove.bg's own, and ours where it documents none."""

from removebg.error_catalogue import ERROR_PAGES, ErrorPage

_AS_IT_IS = "Not as it is: the same request gets the same answer."
_SAVE_AGAIN = "Open the picture and save it again as PNG or JPEG; its name and content type do not matter."


def _source(code: str, title: str, *, why: str, way_out: str, retry: str = _AS_IT_IS) -> ErrorPage:
    return ErrorPage(code=code, status=400, title=title, why=why, way_out=way_out, retry=retry)


def _field(name: str, *, takes: str, why: str | None = None, retry: str = _AS_IT_IS) -> ErrorPage:
    return ErrorPage(
        code=f"invalid_{name}",
        status=400,
        title=f"The field {name} has a value that is not accepted",
        why=why or f"`{name}` holds a word, number or length that we do not know.",
        way_out=f"Send {takes}, or leave `{name}` out. `detail` says what was wrong.",
        retry=retry,
    )


def _not_fetched(code: str, what: str, *, field: str, instead: str) -> ErrorPage:
    return ErrorPage(
        code=code,
        status=400,
        title=f"The {what} could not be fetched from its address",
        why=f"The host of `{field}` did not answer in time, refused, redirected too often, or sent something else.",
        way_out="Open the address in a private browser window: it must show the picture itself without a log-in. Or "
        f"send the picture as `{instead}`.",
        retry="Perhaps: where the other server was only slow.",
    )


V1_0_ERROR_PAGES = (
    _source(
        "missing_source",
        "No image was sent",
        why="None of `image_file`, `image_file_b64` and `image_url` is in the body, or the one that is there is empty.",
        way_out='Send exactly one of them, for example: curl -F "image_file=@photo.jpg".',
        retry="After adding the image.",
    ),
    _source(
        "multiple_sources",
        "More than one image was sent",
        why="The body holds more than one of `image_file`, `image_file_b64` and `image_url`.",
        way_out="Send exactly one of them; one call cuts out one image.",
    ),
    _source(
        "invalid_image_url",
        "The image's address is not one that can be asked",
        why="`image_url` is not an http or https address, or leads to a port or a network that is not fetched from.",
        way_out="Send a public address that starts with http:// or https://, or the picture itself as `image_file`.",
    ),
    _not_fetched("failed_image_download", "image", field="image_url", instead="image_file"),
    _source(
        "invalid_file_type",
        "The file is not a picture we read",
        why="By its content the file is no JPEG, PNG or WebP; its name and content type do not matter.",
        way_out="Save the picture as JPEG, PNG or WebP and send that.",
    ),
    _source(
        "failed_to_read_image",
        "The picture is damaged",
        why="The file begins as a picture does, but cannot be read to its end: it was cut off or altered on its way.",
        way_out=_SAVE_AGAIN,
    ),
    _source(
        "invalid_dimensions",
        "The picture does not say how large it is",
        why="The file's header has no width and height that can be read.",
        way_out=_SAVE_AGAIN,
    ),
    _source(
        "file_too_large",
        "The file has too many bytes",
        why="The limit of this dialect is 22 MB unless the operator of this server chose another.",
        way_out="Make the picture smaller, or save it as JPEG or WebP, and send it again.",
        retry="With a smaller file.",
    ),
    _source(
        "resolution_too_high",
        "The picture, or the result asked for, has too many pixels",
        why="The limits are 50 megapixels and 16,384 pixels a side unless the operator of this server chose others.",
        way_out="Make the picture smaller, or ask for a smaller `size` or smaller margins.",
        retry="With a smaller image.",
    ),
    _source(
        "unknown_foreground",
        "No subject was found in the picture",
        why="Nothing in the picture stands out from its background. Nothing was charged.",
        way_out="Send a picture whose subject is larger, sharper or better lit; `roi` tells where to look. The v1 "
        "dialect delivers an empty cutout instead.",
        retry="With another image or another `roi`.",
    ),
    _source(
        "invalid_body",
        "The body could not be read",
        why="The content type says JSON, and the body is no JSON object.",
        way_out='Send a JSON object such as {"image_url": "https://..."}, or a form as multipart/form-data.',
    ),
    _field(
        "image_file_b64",
        why="`image_file_b64` holds something other than text.",
        takes="the picture as base64 text, with or without a `data:` prefix",
    ),
    _field("size", takes="one of `preview`, `small`, `regular`, `medium`, `hd`, `full`, `auto`, `4k`, `50MP`"),
    _field("format", takes="one of `auto`, `png`, `jpg`, `webp`, `zip`"),
    _field("channels", takes="`rgba` or `alpha`"),
    _field("roi", takes="four lengths such as `0% 0% 100% 100%` or `10px 10px 90px 90px`"),
    _source(
        "roi_exceeds_bounds",
        "The region lies outside the picture",
        why="A corner of `roi` in pixels is beyond the picture's width or height.",
        way_out="Count in the pixels of the picture turned upright, or use percentages.",
        retry="With another `roi`.",
    ),
    _source(
        "roi_region_empty",
        "The region has no area",
        why="The corners of `roi` are the same, or the second lies before the first.",
        way_out="Send `x1 y1 x2 y2` with x2 greater than x1, and y2 greater than y1.",
        retry="With another `roi`.",
    ),
    _field("crop", takes="`true` or `false`"),
    _field("crop_margin", takes="one, two or four margins such as `30px` or `10%`"),
    _field("scale", takes="`original`, or a value from `10%` to `100%`"),
    _field("position", takes="`original`, `center`, or one or two values from `0%` to `100%`"),
    _field("semitransparency", takes="`true` or `false`"),
    _field("bg_color", takes="hex digits such as `81d4fa`, or a CSS colour such as `green`"),
    _field("bg_image_url", takes="a public http or https address of a picture"),
    _field(
        "bg_image_file",
        why="`bg_image_file` holds text, as when curl is called without the `@`.",
        takes="the background as a file part, or its address as `bg_image_url`",
    ),
    _not_fetched("failed_bg_download", "background", field="bg_image_url", instead="bg_image_file"),
    _source(
        "multiple_bg_sources",
        "More than one background was sent",
        why="The body holds more than one of `bg_color`, `bg_image_url` and `bg_image_file`.",
        way_out="Send one of them.",
    ),
    _field("add_shadow", takes="`true` or `false`"),
    _field("shadow_type", takes="one of `none`, `auto`, `car`, `3D`, `drop`"),
    _field("shadow_opacity", takes="`auto`, or a number from 0 to 100"),
    _source(
        "multiple_shadow_params",
        "A shadow was asked for twice",
        why="The body holds `add_shadow` and `shadow_type`, which are the older and the newer word for the same.",
        way_out="Send `shadow_type` alone.",
    ),
    ErrorPage(
        code="insufficient_credits",
        status=402,
        title="Not enough credits",
        why="One delivered image costs one credit, previews too, and the organization has none left that is not "
        "already set aside for an image in work.",
        way_out="Get more credits: owners of the organization buy them on the page Billing where this server sells "
        "them, else ask whoever runs it. `GET /v1.0/account` says how many are left.",
        retry="After credits were added.",
    ),
    ErrorPage(
        code="auth_failed",
        status=403,
        title="The API key is missing, not valid, or may not do this",
        why="No key was sent, it was mistyped, it has expired or was revoked, it lacks the scope this call needs, "
        "the organization is suspended, or its keys rest because a payment is disputed. remove.bg's words know one "
        "code for all of it; the title says which.",
        way_out="Send a key of this server in the header `X-API-Key`: those of remove.bg do not work here.",
        retry="With a valid key.",
    ),
)
"""In the order of their statuses; the codes that v1 has, too, are explained there."""

SHARED_CODES = frozenset(
    {
        "validation_error",
        "https_required",
        "not_found",
        "method_not_allowed",
        "request_in_progress",
        "unsupported_content_encoding",
        "idempotency_key_reused",
        "rate_limit_exceeded",
        "server_busy",
        "internal_server_error",
        "service_unavailable",
    }
)
"""The codes of v1 that v1.0 answers, too."""

STATUS_IN_V1_0 = {"server_busy": 429}
"""Where v1.0 has another status for a code of v1: its clients save the body of a 5xx as the picture."""

PAGE_BY_SLUG = {page.slug: page for page in (*ERROR_PAGES, *V1_0_ERROR_PAGES)}


def v1_0_rows() -> list[tuple[int, ErrorPage]]:
    """Return every code that v1.0 answers with the status it has there, by status."""
    shared = [(STATUS_IN_V1_0.get(page.code, page.status), page) for page in ERROR_PAGES if page.code in SHARED_CODES]
    return sorted([*((page.status, page) for page in V1_0_ERROR_PAGES), *shared], key=lambda row: row[0])
