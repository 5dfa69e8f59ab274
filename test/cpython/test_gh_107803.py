"""gh-107803: asyncio kept all tasks of all threads in one WeakSet.

all_tasks() could fail while other threads made tasks, and every task had a weak reference.
The lists that have taken its place must find each task of a loop as long as it lives,
whichever thread makes, frees or looks for it, and never one that is gone.
"""

import asyncio
import faulthandler
import gc
import threading
import unittest
from asyncio import tasks

faulthandler.dump_traceback_later(120, exit=True)


async def forever():
    await asyncio.get_running_loop().create_future()


class Loop:
    """As much of a loop as a task's constructor needs."""

    def __init__(self):
        self.errors = []

    def get_debug(self):
        return False

    def call_soon(self, callback, *args, context=None):
        pass

    def call_exception_handler(self, context):
        self.errors.append(context["message"])


def in_threads(*functions):
    """Runs them at once, and raises what the first of them has raised."""
    raised = []
    gate = threading.Barrier(len(functions))

    def run(function):
        gate.wait()
        try:
            function()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def make(loop, cls=asyncio.Task):
    return cls(forever(), loop=loop)


def settle(loop):
    """Ends what is pending without a message."""
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False
        task.get_coro().close()


class ListsTests(unittest.TestCase):
    def test_not_in_the_weak_set(self):
        loop = Loop()
        task = make(loop)
        self.assertNotIn(task, tasks._scheduled_tasks)
        self.assertEqual(asyncio.all_tasks(loop), {task})
        self.assertEqual(asyncio.all_tasks(Loop()), set())
        settle(loop)

    def test_registered_again(self):
        loop = Loop()
        task = make(loop)
        tasks._register_task(task)
        self.assertEqual(asyncio.all_tasks(loop), {task})
        tasks._unregister_task(task)
        tasks._unregister_task(task)
        self.assertEqual(asyncio.all_tasks(loop), set())
        tasks._register_task(task)
        self.assertEqual(asyncio.all_tasks(loop), {task})
        settle(loop)
        del task
        self.assertEqual(asyncio.all_tasks(loop), set())

    def test_subclass_with_another_finalizer(self):
        kept = []

        class Task(asyncio.Task):
            def __del__(self):
                # It lives on, and is registered when its memory is freed at last.
                tasks._register_task(self)
                kept.append(self)

        loop = Loop()
        task = make(loop, Task)
        settle(loop)
        del task
        self.assertEqual(asyncio.all_tasks(loop), set(kept))
        kept.clear()
        self.assertEqual(asyncio.all_tasks(loop), set())

    def test_without_init(self):
        task = asyncio.Task.__new__(asyncio.Task)
        tasks._register_task(task)
        del task
        self.assertEqual(asyncio.all_tasks(Loop()), set())

    def test_pending_when_destroyed(self):
        loop = Loop()
        task = make(loop)
        coro = task.get_coro()
        del task
        coro.close()
        self.assertEqual(loop.errors, ["Task was destroyed but it is pending!"])
        self.assertEqual(asyncio.all_tasks(loop), set())


class ThreadsTests(unittest.TestCase):
    def test_loops_of_their_own(self):
        async def main():
            mine = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(20)]
            for _ in range(50):
                self.assertEqual(asyncio.all_tasks(), {asyncio.current_task(), *mine})
                await asyncio.sleep(0)
            for task in mine:
                task.cancel()
            await asyncio.gather(*mine, return_exceptions=True)
            self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

        in_threads(*[lambda: asyncio.run(main())] * 6)

    def test_looked_for_while_they_come_and_go(self):
        loop = Loop()
        kept = {make(loop) for _ in range(10)}
        done = threading.Event()

        def come_and_go():
            for _ in range(3000):
                task = make(loop)
                task._log_destroy_pending = False
                task.get_coro().close()

        def look():
            while not done.is_set():
                found = asyncio.all_tasks(loop)
                self.assertLessEqual(kept, found)
                for task in found:
                    self.assertIs(task.get_loop(), loop)

        def work():
            try:
                in_threads(*[come_and_go] * 3)
            finally:
                done.set()

        in_threads(work, look, look)
        self.assertEqual(asyncio.all_tasks(loop), kept)
        settle(loop)

    def test_freed_by_another_thread(self):
        loop = Loop()
        handed = [[] for _ in range(4)]

        def make_some(mine):
            for _ in range(1000):
                task = make(loop)
                task._log_destroy_pending = False
                task.get_coro().close()
                mine.append(task)

        in_threads(*[lambda mine=mine: make_some(mine) for mine in handed])
        self.assertEqual(len(asyncio.all_tasks(loop)), 4000)
        in_threads(*[mine.clear for mine in handed])
        self.assertEqual(asyncio.all_tasks(loop), set())

    def test_registered_by_several_at_once(self):
        loop = Loop()
        for _ in range(200):
            task = make(loop)
            tasks._unregister_task(task)
            in_threads(*[lambda: tasks._register_task(task)] * 3)
            self.assertEqual(asyncio.all_tasks(loop), {task})
            settle(loop)
            del task
            self.assertEqual(asyncio.all_tasks(loop), set())

    def test_looked_for_while_garbage_is_collected(self):
        loop = Loop()
        done = threading.Event()

        def litter():
            try:
                for _ in range(150):
                    for _ in range(20):
                        task = make(loop)
                        task._log_destroy_pending = False
                        # Freed by the collector only.
                        task.add_done_callback(lambda _, task=task: None)
                        task.get_coro().close()
                    del task
                    gc.collect()
            finally:
                done.set()

        def look():
            while not done.is_set():
                for task in asyncio.all_tasks(loop):
                    self.assertIs(task.get_loop(), loop)
                    self.assertFalse(task.done())

        in_threads(litter, look, look)
        gc.collect()
        self.assertEqual(asyncio.all_tasks(loop), set())


if __name__ == "__main__":
    unittest.main()
