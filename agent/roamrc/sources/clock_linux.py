"""The clock was set, or the machine woke from sleep: a timer that never fires, but is cancelled by both. Floor 2.

timerfd_create(2): with TFD_TIMER_CANCEL_ON_SET on CLOCK_REALTIME, read fails with ECANCELED once the clock made a jump. The
kernel does the same when it resumes (timekeeping_resume → timerfd_resume; seen after suspend to memory on 6.1). The timer stays
armed afterwards; nothing wakes in between. So logind's PrepareForSleep is not needed: a bus would tell the same, later, at the
price of a connection, 0.5 MB and a wake-up before each sleep.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable

FAR = min(1 << 33, (1 << (8 * ctypes.sizeof(ctypes.c_long) - 1)) - 1)
"""The year 2242: before the kernel's own end of time (2262), beyond the machine's; 2038 where a long has 32 bits."""

ABSTIME, CANCEL_ON_SET = 1, 2


class Clock:
    """Wakes with "clock" after the time was set (an override's end may have come), with "woke up" after a suspend of half a
    second or more.

    `slept` is System.slept; `read` is the seam of its test: no test may set a machine's clock. Raises OSError where the kernel
    has no such timer.
    """

    name = "clock"
    every = None

    def __init__(self, slept: Callable[[], float], read: Callable[[int, int], bytes] = os.read) -> None:
        self._slept, self._read = slept, read
        self._before = slept()
        self._fd = _timer()

    def fileno(self) -> int:
        return self._fd

    def drain(self) -> str | None:
        try:
            self._read(self._fd, 8)
        except BlockingIOError:
            return None
        except OSError as e:
            if e.errno != errno.ECANCELED:
                raise
        before, self._before = self._before, self._slept()
        return "woke up" if self._before - before >= 0.5 else "clock"

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class _Spec(ctypes.Structure):
    """struct itimerspec: interval, then the first expiry, each seconds and nanoseconds."""

    _fields_ = [(field, ctypes.c_long) for field in ("every_s", "every_ns", "at_s", "at_ns")]


def _timer() -> int:
    # os.timerfd_create only exists from Python 3.13 on; the two calls are the same in every libc
    libc = ctypes.CDLL(None, use_errno=True)
    fd: int = libc.timerfd_create(time.CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create: " + os.strerror(ctypes.get_errno()))
    if libc.timerfd_settime(fd, ABSTIME | CANCEL_ON_SET, ctypes.byref(_Spec(0, 0, FAR, 0)), None) < 0:
        number = ctypes.get_errno()
        os.close(fd)
        raise OSError(number, "timerfd_settime: " + os.strerror(number))
    return fd
