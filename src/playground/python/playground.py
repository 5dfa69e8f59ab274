"""What the playground does inside of Python: runs programs and lines, completes names."""

import json
import os
import sys
import threading
import types

HOME = "/home/playground"

os.makedirs(HOME, exist_ok=True)
os.chdir(HOME)
sys.path.insert(0, HOME)
# As on a terminal: lines appear when they are complete, whoever writes them.
sys.stdout.reconfigure(line_buffering=True)
sys.stderr.reconfigure(line_buffering=True)

_own = __file__ = "<playground>"
_written = set()
_compiler = None
_problems = []


def _main_module():
    return sys.modules["__main__"]


def _write_files(files):
    for name, text in files.items():
        with open(os.path.join(HOME, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
    for name in _written - set(files):
        try:
            os.unlink(os.path.join(HOME, name))
        except FileNotFoundError:
            pass
    _written.clear()
    _written.update(files)


def _forget_modules():
    """What was imported from the page's files is imported again by the next program."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and path.startswith(HOME + "/"):
            del sys.modules[name]


def _problem(error):
    """Where in the page's files an exception was raised: one-based line, zero-based columns."""
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        file = os.path.basename(error.filename)
        if file in _written and error.lineno:
            offset = max((error.offset or 1) - 1, 0)
            end = error.end_offset - 1 if error.end_offset and error.end_lineno == error.lineno else None
            return {"file": file, "line": error.lineno, "column": offset, "end": end, "message": message}
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith(HOME + "/"):
            line, column, end = traceback.tb_lineno, None, None
            positions = list(code.co_positions())
            at = traceback.tb_lasti // 2
            if 0 <= at < len(positions) and positions[at][0] == line:
                _, last, column, end = positions[at]
                if last != line:
                    end = None
            found = {"file": os.path.basename(code.co_filename), "line": line, "column": column, "end": end, "message": message, "bytes": True}
        traceback = traceback.tb_next
    return found


def _report(error, thread=None):
    import traceback

    # Without the frames of this module.
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == _own:
        trace = trace.tb_next
    formatted = traceback.TracebackException(type(error), error, trace, compact=True)
    text = "".join(formatted.format(colorize=True))
    if thread is not None:
        text = f"Exception in thread {thread}:\n{text}"
    problem = _problem(error)
    if problem:
        _problems.append(problem)
    sys.stderr.write(text)
    sys.stderr.flush()


def _thread_failed(arguments):
    if arguments.exc_type is not SystemExit and arguments.exc_value is not None:
        _report(arguments.exc_value, arguments.thread.name if arguments.thread else "?")


threading.excepthook = _thread_failed


def _announce_threads():
    """Tells the page the names of threads."""
    import weft

    bootstrap = threading.Thread._bootstrap_inner
    announce = weft.host.announceThread

    def announced(self):
        announce(threading.get_ident(), self.name)
        bootstrap(self)

    threading.Thread._bootstrap_inner = announced


_announce_threads()


def _others():
    own = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is not own]


def _finish():
    """As at the end of a program: waits for its threads, those that were started meanwhile included."""
    while True:
        waiting = [thread for thread in _others() if not thread.daemon]
        if not waiting:
            return
        for thread in waiting:
            thread.join()


def _guarded(call):
    """Runs a part of a program and says how it ended."""
    status = "done"
    try:
        call()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        elif error.code:
            status = f"exit status {error.code}"
    except KeyboardInterrupt as error:
        status = "interrupted"
        _report(error)
        _problems.clear()
    except BaseException as error:
        status = "error"
        _report(error)
    return status


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # The program has replaced or closed it.
            pass


def _ended(status):
    _flush()
    problems = list(_problems)
    _problems.clear()
    return json.dumps({"status": status, "problems": problems, "threads": len(_others())})


def run(files, main):
    """Runs a file as a program. The page's files are the JSON object `files`."""
    import linecache

    global _compiler
    _write_files(json.loads(files))
    _forget_modules()
    linecache.clearcache()
    _compiler = None
    module = types.ModuleType("__main__")
    path = module.__file__ = os.path.join(HOME, main)
    sys.modules["__main__"] = module
    sys.argv[:] = [path]

    def program():
        with open(path, encoding="utf-8") as file:
            source = file.read()
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)

    status = _guarded(program)
    # On Stop, too: the page ends those that do not end by themselves.
    finished = _guarded(_finish)
    return _ended(status if finished == "done" else finished)


def push(source):
    """Runs lines of the prompt in the program's namespace, or asks for more of them."""
    import codeop

    global _compiler
    if _compiler is None:
        _compiler = codeop.CommandCompiler()
    compiled = None

    def make():
        nonlocal compiled
        compiled = _compiler(source, "<stdin>", "single")

    status = _guarded(make)
    if status == "done":
        if compiled is None:
            return json.dumps({"status": "more", "problems": [], "threads": 0})
        status = _guarded(lambda: exec(compiled, _main_module().__dict__))
    return _ended(status)


def complete(text):
    """Names that continue a dotted name at the end of a line."""
    import rlcompleter

    completer = rlcompleter.Completer(_main_module().__dict__)
    found = []
    while len(found) < 200:
        name = completer.complete(text, len(found))
        if name is None:
            break
        found.append(name)
    return json.dumps(list(dict.fromkeys(found)))


def describe(name):
    """Signature and documentation of what a dotted name means in the program's namespace now."""
    import inspect

    first, *rest = name.split(".")
    namespace = _main_module().__dict__
    try:
        value = namespace[first] if first in namespace else getattr(__import__("builtins"), first)
        for part in rest:
            value = getattr(value, part)
    except Exception:
        return json.dumps(None)
    try:
        signature = f"{rest[-1] if rest else first}{inspect.signature(value)}"
    except (TypeError, ValueError):
        signature = None
    documentation = inspect.getdoc(value) if callable(value) or isinstance(value, types.ModuleType) else None
    return json.dumps({"signature": signature, "documentation": documentation})


def warm():
    """Imports what the first error, prompt and completion need."""
    import codeop, inspect, linecache, rlcompleter, traceback  # noqa: F401, E401

    # Its first import of readline would look for a terminal.
    return json.dumps(sys.version.split()[0])
