"""Waiting for what has no event of its own: files, processes, what a program of the host says."""

import time

LEAST, MOST = 0.02, 0.5  # Seconds between two looks.


def pause(began, looked):
    """Before the next look, which is to cost the host that is waited for little: twice as long as the last
    one took, which began at `looked`, and a twentieth of the wait, which began at `began`."""
    now = time.monotonic()
    time.sleep(min(MOST, max(LEAST, 2 * (now - looked), (now - began) / 20)))


def wait_until(condition, timeout, why):
    """What the condition returns once it holds; `why` is what to say when it never does, or gives it."""
    began = looked = time.monotonic()
    while not (result := condition()):
        if time.monotonic() > began + timeout:
            raise AssertionError(why() if callable(why) else why)
        pause(began, looked)
        looked = time.monotonic()
    return result
