"""What an agent that has just started gives back before it idles for days. Floor 3."""

from __future__ import annotations


def settle() -> None:
    """Import garbage is collected, what lives now is left out of every later collection (gc.freeze: a full one took 2 ms, in the
    middle of a look), and the C library's free pages go back to the kernel (malloc_trim(3), where there is one: 0.3 MB)."""
    import ctypes
    import gc

    gc.collect()
    gc.freeze()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):  # macOS, musl
        return
