"""gh-129898: every step of every task of asyncio's was written to one dictionary of all threads.

The task that a running loop executes is in the state of the loop's thread. Whoever asks
must find it as before: the thread itself, other threads, programs that use the dictionary,
and loops that stop running while they execute a task.
"""

import asyncio
import faulthandler
import threading
import unittest
import weakref
from asyncio import events, tasks

faulthandler.dump_traceback_later(120, exit=True)


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


class Loop:
    """Loops and tasks are just compared."""


class RunningTests(unittest.TestCase):
    """With a loop that the thread says it runs."""

    def setUp(self):
        self.loop, self.other = Loop(), Loop()
        events._set_running_loop(self.loop)
        self.addCleanup(tasks._current_tasks.clear)
        self.addCleanup(events._set_running_loop, None)

    def test_nothing_shared(self):
        tasks._enter_task(self.loop, "task")
        self.assertEqual(tasks._current_tasks, {})
        self.assertEqual(asyncio.current_task(), "task")
        self.assertEqual(asyncio.current_task(self.loop), "task")
        self.assertIsNone(asyncio.current_task(self.other))
        tasks._leave_task(self.loop, "task")
        self.assertIsNone(asyncio.current_task())

    def test_refused(self):
        tasks._enter_task(self.loop, "task")
        with self.assertRaisesRegex(RuntimeError, "Cannot enter into task 'other' while another task 'task' is"):
            tasks._enter_task(self.loop, "other")
        with self.assertRaisesRegex(RuntimeError, "Leaving task 'other' does not match the current task 'task'"):
            tasks._leave_task(self.loop, "other")
        tasks._leave_task(self.loop, "task")
        with self.assertRaisesRegex(RuntimeError, "Leaving task 'task' does not match the current task None"):
            tasks._leave_task(self.loop, "task")

    def test_swapped(self):
        swap = tasks._swap_current_task
        self.assertIsNone(swap(self.loop, "outer"))
        self.assertEqual(swap(self.loop, "inner"), "outer")
        self.assertEqual(swap(self.loop, None), "inner")
        self.assertIsNone(swap(self.loop, None))
        tasks._current_tasks[self.loop] = "written"
        self.assertEqual(swap(self.loop, "inner"), "written")
        self.assertEqual(tasks._current_tasks, {})
        self.assertEqual(swap(self.loop, None), "inner")

    def test_loop_that_does_not_run(self):
        tasks._enter_task(self.other, "other")
        tasks._enter_task(self.loop, "task")
        self.assertEqual(tasks._current_tasks, {self.other: "other"})
        self.assertEqual(asyncio.current_task(self.other), "other")
        self.assertEqual(asyncio.current_task(), "task")
        self.assertEqual(tasks._swap_current_task(self.other, "third"), "other")
        tasks._leave_task(self.loop, "task")
        tasks._leave_task(self.other, "third")
        self.assertEqual(tasks._current_tasks, {})

    def test_written_by_a_program(self):
        tasks._current_tasks[self.loop] = "written"
        self.assertEqual(asyncio.current_task(), "written")
        with self.assertRaisesRegex(RuntimeError, "while another task 'written'"):
            tasks._enter_task(self.loop, "task")
        tasks._leave_task(self.loop, "written")
        self.assertIsNone(asyncio.current_task())
        tasks._enter_task(self.loop, "task")
        tasks._leave_task(self.loop, "task")

    def test_written_while_another_task_runs(self):
        # As nest_asyncio does, for tasks inside of a task.
        tasks._enter_task(self.loop, "outer")
        tasks._current_tasks[self.loop] = "inner"
        self.assertEqual(asyncio.current_task(), "inner")
        self.assertEqual(tasks._py_current_task(), "inner")
        del tasks._current_tasks[self.loop]
        self.assertEqual(asyncio.current_task(), "outer")
        self.assertEqual(tasks._py_current_task(), "outer")
        tasks._leave_task(self.loop, "outer")
        self.assertIsNone(tasks._py_current_task())

    def test_loop_that_stops_running_meanwhile(self):
        tasks._enter_task(self.loop, "task")
        events._set_running_loop(self.loop)
        self.assertEqual(tasks._current_tasks, {})
        events._set_running_loop(self.other)
        self.assertIsNone(asyncio.current_task())
        self.assertEqual(asyncio.current_task(self.loop), "task")
        tasks._enter_task(self.other, "inner")
        self.assertEqual(asyncio.current_task(), "inner")
        tasks._leave_task(self.other, "inner")
        events._set_running_loop(self.loop)
        self.assertEqual(asyncio.current_task(), "task")
        with self.assertRaisesRegex(RuntimeError, "while another task 'task'"):
            tasks._enter_task(self.loop, "second")
        tasks._leave_task(self.loop, "task")
        self.assertEqual(tasks._current_tasks, {})

        tasks._enter_task(self.loop, "task")
        events._set_running_loop(None)
        tasks._leave_task(self.loop, "task")
        self.assertEqual(tasks._current_tasks, {})

    def test_key_that_cannot_be_kept(self):
        class Unhashable(Loop):
            __hash__ = None

        loop = Unhashable()
        events._set_running_loop(loop)
        tasks._enter_task(loop, "task")
        with self.assertRaises(TypeError):
            events._set_running_loop(None)
        self.assertEqual(asyncio.current_task(), "task")
        tasks._leave_task(loop, "task")

    def test_nothing_is_kept(self):
        class Task:
            pass

        def gone(use):
            task = Task()
            reference = weakref.ref(task)
            use(task)
            del task
            return reference() is None

        def enter(task):
            tasks._enter_task(self.loop, task)
            asyncio.current_task()
            tasks._leave_task(self.loop, task)

        def swap(task):
            tasks._swap_current_task(self.loop, task)
            tasks._swap_current_task(self.loop, None)

        def move(task):
            tasks._enter_task(self.loop, task)
            events._set_running_loop(None)
            tasks._leave_task(self.loop, task)
            events._set_running_loop(self.loop)

        for use in enter, swap, move:
            self.assertTrue(gone(use), use.__name__)

    def test_thread_that_ends_in_a_task(self):
        class Task:
            pass

        references = []

        def work():
            task = Task()
            references.append(weakref.ref(task))
            loop = Loop()
            events._set_running_loop(loop)
            tasks._enter_task(loop, task)

        in_threads(work)
        self.assertIsNone(references[0]())


class LoopTests(unittest.TestCase):
    def test_loop_inside_of_a_task(self):
        async def inner():
            await asyncio.sleep(0)
            return asyncio.current_task().get_name()

        async def outer():
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            events._set_running_loop(None)
            try:
                with asyncio.Runner() as runner:
                    name = runner.run(inner())
                    self.assertIs(asyncio.current_task(loop), task)
            finally:
                events._set_running_loop(loop)
            self.assertIs(asyncio.current_task(), task)
            await asyncio.sleep(0)
            self.assertIs(asyncio.current_task(), task)
            return name

        self.assertRegex(asyncio.run(outer()), "Task-")
        self.assertEqual(tasks._current_tasks, {})

    def test_eager_tasks(self):
        async def child(parent):
            self.assertIsNot(asyncio.current_task(), parent)
            await asyncio.sleep(0)
            self.assertIsNot(asyncio.current_task(), parent)
            return asyncio.current_task()

        async def main():
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            me = asyncio.current_task()
            made = asyncio.create_task(child(me))
            self.assertIs(asyncio.current_task(), me)
            self.assertIs(await made, made)
            self.assertIs(asyncio.current_task(), me)

        asyncio.run(main())

    def test_seen_by_another_thread(self):
        started, leave, seen = threading.Event(), threading.Event(), []

        async def main():
            seen.extend([asyncio.get_running_loop(), asyncio.current_task()])
            started.set()
            leave.wait()

        def look():
            started.wait()
            try:
                self.assertIs(asyncio.current_task(seen[0]), seen[1])
            finally:
                leave.set()

        in_threads(lambda: asyncio.run(main()), look)
        self.assertIsNone(asyncio.current_task(seen[0]))

    def test_looked_for_while_tasks_run(self):
        loops, done, gate = [], threading.Event(), threading.Barrier(5)

        async def child():
            me = asyncio.current_task()
            for _ in range(300):
                await asyncio.sleep(0)
                self.assertIs(asyncio.current_task(), me)

        async def main():
            loops.append(asyncio.get_running_loop())
            gate.wait()
            await asyncio.gather(*(child() for _ in range(10)))

        running = [3]
        lock = threading.Lock()

        def run():
            try:
                asyncio.run(main())
            finally:
                with lock:
                    running[0] -= 1
                    if running[0] == 0:
                        done.set()

        def look():
            gate.wait()
            found = 0
            while not done.is_set():
                for loop in loops:
                    task = asyncio.current_task(loop)
                    if task is not None:
                        self.assertIs(task.get_loop(), loop)
                        found += 1
            return found

        in_threads(run, run, run, look, look)
        self.assertEqual(tasks._current_tasks, {})


if __name__ == "__main__":
    unittest.main()
