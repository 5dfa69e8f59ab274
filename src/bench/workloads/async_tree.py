"""A tree of asyncio tasks that yield, gather, pass queue items and take locks; no input or output."""

import asyncio

LOOPS = 2
EXPECTED = [1024, 1024, 1124250]


class Nothing:
    """A selector that never has anything: these tasks wait for one another only."""

    def select(self, timeout=None):
        return []


class Loop(asyncio.BaseEventLoop):
    """asyncio's own loop without a selector of the system's, so that it runs where there are no sockets."""

    def __init__(self):
        super().__init__()
        self._selector = Nothing()

    def _process_events(self, events):
        pass


async def leaf(counter, lock):
    await asyncio.sleep(0)
    async with lock:
        counter[0] += 1
    return 1


async def branch(depth, counter, lock):
    if depth == 0:
        return await leaf(counter, lock)
    return sum(await asyncio.gather(*[branch(depth - 1, counter, lock) for _ in range(4)]))


async def produce(queue, count):
    for i in range(count):
        await queue.put(i)
    await queue.put(None)


async def consume(queue):
    total = 0
    while (item := await queue.get()) is not None:
        total += item
    return total


async def main():
    counter = [0]
    lock = asyncio.Lock()
    queue = asyncio.Queue(10)
    leaves, _, total = await asyncio.gather(branch(5, counter, lock), produce(queue, 1500), consume(queue))
    return [leaves, counter[0], total]


def run(loops):
    # Where the host's event loop is always running, as in a page, it is set aside for the time of ours.
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = Loop()
    try:
        for _ in range(loops):
            value = loop.run_until_complete(main())
    finally:
        loop.close()
        asyncio._set_running_loop(outer)
    return value
