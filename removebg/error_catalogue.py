"""What each error code means, why it happens and the way out: the pages that doc_url opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """One code explained."""

    code: str
    status: int
    title: str
    why: str
    way_out: str
    retry: str

    @property
    def slug(self) -> str:
        """The code as it stands in the address."""
        return self.code.replace("_", "-")


ERROR_PAGES = (
    ErrorPage(
        code="validation_error",
        status=400,
        title="A field or the image is not accepted",
        why="A field has a value we do not know, the file could not be read as a JPEG, PNG or WebP image, or the "
        "address it should come from gave none.",
        way_out="Read `details`: it names each field and what it may hold. For an image, open it and save it again "
        "as PNG or JPEG; the name and the content type do not matter, only the content does. An address must be "
        "public, and answer within seconds with the picture itself.",
        retry="Not as it is: the same request gets the same answer.",
    ),
    ErrorPage(
        code="missing_image",
        status=400,
        title="No image was sent",
        why="The body holds no file part called `image_file` (or `file`), and neither `image_file_b64` nor "
        "`image_url` (or `url`). JSON bodies, and text in place of a file, count as no image.",
        way_out='Send multipart/form-data with the photo as a file: curl -F "image_file=@photo.jpg".',
        retry="After adding the file.",
    ),
    ErrorPage(
        code="image_too_large",
        status=400,
        title="The image is over a limit",
        why="The file has too many bytes, or the picture, or the result that was asked for, too many pixels or too "
        "long a side. The limits are 20 MiB, "
        "50 megapixels and 16,384 pixels a side unless the operator of this server chose others.",
        way_out="Make the picture smaller, or save it as JPEG or WebP, and send it again.",
        retry="With a smaller image.",
    ),
    ErrorPage(
        code="authentication_error",
        status=401,
        title="The API key is missing or not valid",
        why="No key was sent, it was mistyped, it has expired, or it was revoked.",
        way_out="Send the key in the header `x-api-key` (or as `Authorization: Bearer`). A key is shown only once, "
        "when it is made; if it is lost, make a new one.",
        retry="With a valid key.",
    ),
    ErrorPage(
        code="payment_required",
        status=402,
        title="Not enough credits",
        why="One delivered image costs one credit, and the organization has none left that is not already set aside "
        "for an image in work; or the key has used all that it may use in a month.",
        way_out="The message says which. Get more credits: owners of the organization buy them on the page Billing "
        "where this server sells them, else ask whoever runs it (`GET /v1/me` says how many are left). Or raise the "
        "key's monthly cap on the page API keys.",
        retry="After credits were added, the cap was raised, or the next month has begun.",
    ),
    ErrorPage(
        code="permission_denied",
        status=403,
        title="The key may not do this",
        why="The organization is suspended, its keys rest because a payment is disputed, the key lacks the scope this "
        "call needs, or it is kept to networks that this call does not come from.",
        way_out="The message says which. Use a key with the right scope, add your address to the key's networks on the "
        "page API keys, settle the dispute with your bank, or ask whoever runs this server about the suspension.",
        retry="Not with this key.",
    ),
    ErrorPage(
        code="https_required",
        status=403,
        title="The request came over plain HTTP",
        why="The address began with `http://`. The API answers over HTTPS only and does not redirect: a redirected key "
        "has been readable on its way all the same.",
        way_out="Use `https://`. On the page API keys, revoke a key that was sent without it and create a new one.",
        retry="Over HTTPS, with a new key.",
    ),
    ErrorPage(
        code="not_found",
        status=404,
        title="There is nothing at this address",
        why="The path is misspelt, or has a slash too many at its end.",
        way_out="The endpoints are `POST /v1/remove` and `GET /v1/me`, and in remove.bg's words "
        "`POST /v1.0/removebg`, `GET /v1.0/account` and `POST /v1.0/improve`.",
        retry="With another address.",
    ),
    ErrorPage(
        code="method_not_allowed",
        status=405,
        title="The address exists, but not for this method",
        why="For instance GET was used where an image has to be sent with POST.",
        way_out="The `Allow` header of the answer lists the methods this address takes.",
        retry="With another method.",
    ),
    ErrorPage(
        code="request_in_progress",
        status=409,
        title="A request with this Idempotency-Key is still running",
        why="The first request under the key has not been answered yet, or its process died a moment ago.",
        way_out="Wait as long as `Retry-After` says and send the same request again: it is charged once in all.",
        retry="Yes, after `Retry-After` seconds.",
    ),
    ErrorPage(
        code="unsupported_content_encoding",
        status=415,
        title="The request body is compressed",
        why="The request has a `Content-Encoding` other than `identity`, such as `gzip`. Pictures are compressed "
        "already, so no compressed body is read.",
        way_out="Send the body as it is, without the header `Content-Encoding`. `Accept-Encoding: identity` on the "
        "answer says the same to programs.",
        retry="Without compression.",
    ),
    ErrorPage(
        code="idempotency_key_reused",
        status=422,
        title="This Idempotency-Key belongs to another request",
        why="The key was used within the last 24 hours with another image or other options. Or the address of the "
        "image gives other bytes now than those that were paid for. Or the request was repeated 10 times, the limit.",
        way_out="Use a new key for each new request, and the same key only to repeat the very same request.",
        retry="With a new key.",
    ),
    ErrorPage(
        code="rate_limit_exceeded",
        status=429,
        title="Too many requests",
        why="Your organization sent more requests a minute or a second than its plan allows, or the key more than its "
        "own limit; or too many are in work at once; or the free calls of today are used (repetitions, tests, calls "
        "that took too long); or an address sent many requests without a valid key.",
        way_out="Wait as long as `Retry-After` says. `X-RateLimit-Remaining` on every answer tells how many are left.",
        retry="Yes, after `Retry-After` seconds.",
    ),
    ErrorPage(
        code="internal_server_error",
        status=500,
        title="Something broke on our side",
        why="An error we did not foresee. It was written down with the request id; nothing was charged.",
        way_out="Try again. If it comes back, tell support the `request_id`.",
        retry="Yes, with growing pauses.",
    ),
    ErrorPage(
        code="server_busy",
        status=503,
        title="All places are taken",
        why="The server works on as many images as its processors can. Its waiting line is full, or this image stood "
        "in it as long as one may.",
        way_out="Send the image again after `Retry-After` seconds; nothing was charged.",
        retry="Yes, after `Retry-After` seconds.",
    ),
    ErrorPage(
        code="service_unavailable",
        status=503,
        title="The service is not ready",
        why="The model asked for is missing, damaged or still being opened, or the database cannot be reached.",
        way_out="Try again a little later, or name another model in the field `model`. Whoever runs this server finds "
        "the reason in its log, and of a model also on the page All models of the admin; `/readyz` names the state.",
        retry="Yes, after `Retry-After` seconds.",
    ),
)
"""Every code that v1 answers, in the order of their statuses."""
