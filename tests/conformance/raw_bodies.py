"""Bodies as bytes, for rows of what form encoders do not write."""

from tests.conformance.pictures import picture

MULTIPART = "multipart/form-data; boundary=x"


def picture_part(*, file_name: bytes = b"") -> bytes:
    """Return a multipart body with subject.png as its one part, with a media type and with or without a file name."""
    disposition = b'Content-Disposition: form-data; name="image_file"' + file_name
    return b"--x\r\n%s\r\nContent-Type: image/png\r\n\r\n%s\r\n--x--\r\n" % (disposition, picture("subject.png"))
