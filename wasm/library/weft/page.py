"""The page that Python runs in: its document and window, and listeners whose handlers run on a Python thread.

>>> from weft import page
>>> page.document.title = "from any thread"
>>> @page.on("#go", "click")
... def clicked(event):
...     print(event.target.id)
>>> clicked.remove()
"""

import sys
import threading

import weft

__all__ = ["document", "window", "query", "query_all", "on", "Listener"]


def _services():
    try:
        found = weft._services.page
    except AttributeError:
        found = None
    if found is None:
        raise RuntimeError("there is no page: Python was loaded where there is no document")
    return found


def __getattr__(name):
    # Asked for each time: a module that was imported before the page was there shall find it.
    if name == "window":
        return _services().window
    if name == "document":
        return _services().window.document
    raise AttributeError(f"module 'weft.page' has no attribute {name!r}")


def query(selector):
    """The first element that a CSS selector finds. LookupError when there is none."""
    found = _services().window.document.querySelector(selector)
    if found is None:
        raise LookupError(f"the page has no element {selector!r}")
    return found


def query_all(selector):
    """A list of all elements that a CSS selector finds."""
    return list(_services().window.document.querySelectorAll(selector))


class Listener:
    """A function that is called for the events of an element. `remove()` ends that; so does the end of a `with` block."""

    def __init__(self, function, type):
        self.function = function
        self.type = type
        self._dispatcher = None
        self._id = None

    def __call__(self, event):
        return self.function(event)

    def __repr__(self):
        state = "removed" if self._dispatcher is None else "listening"
        return f"<weft.page.Listener {self.function!r} for {self.type!r}, {state}>"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()

    def remove(self):
        """Ends listening. Events that have already come but were not handled are dropped. A second call does nothing."""
        with _lock:
            dispatcher, self._dispatcher = self._dispatcher, None
            if dispatcher is not None:
                dispatcher.remove(self._id)


# Guards `_dispatcher`, and each dispatcher's listeners with their number in JavaScript's queue.
_lock = threading.Lock()
_dispatcher = None


class _Dispatcher:
    """One queue of events and the thread that handles them, for as long as there are listeners."""

    def __init__(self):
        self._queue = _services().events()
        self._listeners = {}
        self._next = 1
        threading.Thread(target=self._run, name="page-events", daemon=True).start()

    def add(self, listener, target, type, options, once):
        """Under the lock."""
        id = self._next
        self._queue.listen(id, target, type, options)
        self._next += 1
        self._listeners[id] = listener, once
        listener._dispatcher, listener._id = self, id

    def remove(self, id):
        """Under the lock. The last listener takes the thread with it."""
        global _dispatcher
        if self._listeners.pop(id, None) is None:
            return
        if self._listeners:
            self._queue.unlisten(id)
        else:
            _dispatcher = None
            self._queue.close()

    def _take(self, id):
        """The listener that an event is for, if it still listens."""
        with _lock:
            listener, once = self._listeners.get(id, (None, False))
            if listener is not None and once:
                listener._dispatcher = None
                self.remove(id)
            return listener

    def _run(self):
        while True:
            batch = self._queue.next().wait()
            if batch is None:
                return
            # Numbers and events in turn.
            values = batch.to_py(1)
            for id, event in zip(values[::2], values[1::2]):
                listener = self._take(id)
                if listener is None:
                    continue
                try:
                    listener.function(event)
                except SystemExit:
                    pass
                except BaseException:
                    # One handler's failure is not the others'.
                    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))


def on(target, type, function=None, *, prevent_default=False, stop_propagation=False, once=False, capture=False, passive=None, latest=False):
    """Calls a function for each event of this type on an element, or on the first one that a CSS selector finds.

    Handlers run one after the other on a Python thread of their own, "page-events", never on the page's: they may take
    their time, and wait. By then the page has gone on, so what an event's default action should be is said here, by
    `prevent_default` and `stop_propagation`. With `latest`, an event takes the place of one that still waits: for those that come
    faster than they are handled, such as "pointermove".

    Without a function it is a decorator. Gives a Listener.
    """
    if function is None:
        return lambda function: on(
            target, type, function, prevent_default=prevent_default, stop_propagation=stop_propagation, once=once, capture=capture,
            passive=passive, latest=latest,
        )
    if not callable(function):
        raise TypeError(f"a handler is called with the event, and {function!r} cannot be called")
    global _dispatcher
    element = query(target) if isinstance(target, str) else target
    listener = Listener(function, type)
    options = {"preventDefault": prevent_default, "stopPropagation": stop_propagation, "once": once, "capture": capture, "latest": latest}
    if passive is not None:
        options["passive"] = passive
    with _lock:
        if _dispatcher is None:
            _dispatcher = _Dispatcher()
        dispatcher = _dispatcher
        try:
            dispatcher.add(listener, element, type, options, once)
        except BaseException:
            if not dispatcher._listeners:
                _dispatcher = None
                dispatcher._queue.close()
            raise
    return listener
