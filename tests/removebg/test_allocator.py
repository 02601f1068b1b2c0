"""Free pages go back to the system while no image is in work."""

import threading

from removebg import allocator


def test_trimmer_waits_until_no_image_is_in_work(monkeypatch):
    trimmed = threading.Event()
    busy = [True, True, False]

    def is_idle():
        return not busy.pop(0) if busy else True

    monkeypatch.setattr(allocator, "TRIM_EVERY_S", 0.01)
    monkeypatch.setattr(allocator, "return_free_pages", trimmed.set)
    trimmer = allocator.IdleTrimmer(is_idle)
    trimmer.start()
    assert trimmed.wait(10)
    trimmer.stop()
    trimmer.join(10)

    assert not busy, "it looked three times before it trimmed"
    assert not trimmer.is_alive()
