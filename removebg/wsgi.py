"""What gunicorn serves: Django behind the upload gate, with the model and the scheduler started beside it."""

import os
import sys
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "removebg.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from processing.api.places import Places  # noqa: E402 - after Django is set up
from processing.api.upload_gate import UploadGate  # noqa: E402
from processing.slots import image_slots  # noqa: E402
from removebg.allocator import IdleTrimmer, return_large_blocks  # noqa: E402
from removebg.background import start_background_work  # noqa: E402
from removebg.body_kinds import address_of, places_of_form, places_of_upload  # noqa: E402
from removebg.connection_release import ConnectionRelease  # noqa: E402
from removebg.content_type import charsets_checked  # noqa: E402
from removebg.form_gate import FormGate  # noqa: E402
from removebg.head_requests import bodies_of_head_dropped  # noqa: E402

site = charsets_checked(ConnectionRelease(django_application))
upload_gate = UploadGate(
    site,
    places_of=places_of_upload,
    address_of=address_of,
    drains=Places("drains", settings.DRAINS_AT_ONCE, per_owner=max(1, settings.DRAINS_AT_ONCE // 2)),
    deadline_s=settings.UPLOAD_DEADLINE_S,
    max_chunked_bytes=max(settings.MAX_BODY_BYTES, settings.V1_0_MAX_BODY_BYTES),
    max_drain_bytes=settings.MAX_DRAIN_BYTES,
    drain_deadline_s=settings.DRAIN_DEADLINE_S,
)
form_gate = FormGate(
    site,
    larger=upload_gate,
    places_of=places_of_form,
    address_of=address_of,
    deadline_s=settings.FORM_DEADLINE_S,
    max_bytes=settings.MAX_FORM_BYTES,
)
application = bodies_of_head_dropped(form_gate)

# With Python's 5 ms, a health check that needs its turn ten times waits long beside bodies that are parsed.
sys.setswitchinterval(0.001)
return_large_blocks()
IdleTrimmer(lambda: image_slots.working == 0).start()
threading.Thread(target=start_background_work, name="start", daemon=True).start()
