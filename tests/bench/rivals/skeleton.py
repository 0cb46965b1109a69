"""The asyncio + pyroute2 skeleton that one would write first: listens to the kernel and looks at each event."""

from __future__ import annotations

import asyncio

from pyroute2 import AsyncIPRoute  # type: ignore[import-not-found,unused-ignore]


async def main() -> None:
    async with AsyncIPRoute() as kernel:
        await kernel.bind()
        print("ready", flush=True)
        while True:
            async for _ in kernel.get():
                with open("/etc/resolv.conf", "rb") as f:
                    print("at work" if b"corp.test" in f.read() else "elsewhere", flush=True)


asyncio.run(main())
