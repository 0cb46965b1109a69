"""BLAKE2b (RFC 7693) without the rest of hashlib, which loads all of OpenSSL: 3.4 MB in an agent that needs none of it. Floor
2."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # a Python built without its own: OpenSSL's
    from hashlib import blake2b

__all__ = ["blake2b"]
