"""Patch 0206: instructions that leave their operands where they are give what the two instructions give.

The functions of the operator module take the general way in C. What sees the instructions themselves, co_code, traces
and monitoring, is compared with what the compiler made.
"""

import collections
import dis
import faulthandler
import itertools
import marshal
import operator
import sys
import threading
import traceback
import unittest

from outcomes import outcome

faulthandler.dump_traceback_later(240, exit=True)

LIMIT = 1 << 30
VALUES = [
    0, 1, -1, 7, 255, 257, LIMIT - 1, LIMIT, 1 - LIMIT, -LIMIT, 1 << 62, -(1 << 90), True, False,
    0.0, -0.0, 1.5, -2.25, 1e308, -1e308, 5e-324, float("inf"), float("nan"),
    "", "a", "ab", b"a", None, (), (1, 2), [], [1, 2], {}, {1: "a"}, 1j,
]
LITERALS = ["0", "1", "257", "1073741823", "1073741824", "1.5", "1e308", "'a'", "None", "(1, 2)"]

ARITHMETIC = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
    "&": operator.and_, "|": operator.or_, "^": operator.xor, ">>": operator.rshift,
}
COMPARISONS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def function(parameters, *lines):
    scope = {}
    exec(f"def function({parameters}):\n" + "".join(f"    {line}\n" for line in lines), scope)
    return scope["function"]


def names(code, adaptive=False):
    return [instruction.opname for instruction in dis.get_instructions(code, adaptive=adaptive)]


class SameAsGeneral(unittest.TestCase):
    def used(self, code, name):
        """What is compared is really done by the instruction."""
        self.assertIn(name, names(code, adaptive=True))
        self.assertNotIn(name, names(code))

    def test_arithmetic(self):
        for name, general in ARITHMETIC.items():
            both = function("a, b", f"return a {name} b")
            right = function("a, b", f"return (a, 0)[0] {name} b")
            self.used(both, "LOAD_FAST_LOAD_FAST__BINARY_OP")
            self.used(right, "LOAD_FAST__BINARY_OP")
            for a, b in itertools.product(VALUES, VALUES):
                if name == "*" and any(isinstance(x, (str, bytes, list, tuple)) for x in (a, b)):
                    continue
                wanted = outcome(general, a, b)
                self.assertEqual(outcome(both, a, b), wanted, (a, name, b))
                self.assertEqual(outcome(right, a, b), wanted, (a, name, b))

    def test_arithmetic_with_constants(self):
        for (name, general), literal in itertools.product(ARITHMETIC.items(), LITERALS):
            local = function("a", f"return a {name} {literal}")
            other = function("a", f"return [a][0] {name} {literal}")
            self.used(local, "LOAD_FAST__LOAD_CONST__BINARY_OP")
            self.used(other, "LOAD_CONST__BINARY_OP")
            constant = eval(literal)
            for a in VALUES:
                if name == "*" and any(isinstance(x, (str, bytes, list, tuple)) for x in (a, constant)):
                    continue
                wanted = outcome(general, a, constant)
                self.assertEqual(outcome(local, a), wanted, (a, name, literal))
                self.assertEqual(outcome(other, a), wanted, (a, name, literal))

    def test_comparisons(self):
        for name, general in COMPARISONS.items():
            value = function("a, b", f"return a {name} b")
            forward = function("a, b", f"if a {name} b: return True", "return False")
            negated = function("a, b", f"if not a {name} b: return False", "return True")
            loop = function("a, b", f"while a {name} b: return True", "return False")
            for call in (value, forward, negated, loop):
                self.used(call, "LOAD_FAST_LOAD_FAST__COMPARE_OP")
                for a, b in itertools.product(VALUES, VALUES):
                    self.assertEqual(outcome(call, a, b), outcome(general, a, b), (a, name, b))

    def test_truth(self):
        for line in ("if a: return True", "while a: return True"):
            call = function("a", line, "return False")
            self.used(call, "LOAD_FAST__TO_BOOL")
            for a in VALUES:
                self.assertIs(call(a), operator.truth(a), a)
        negated, both = function("a", "return not a"), function("a, b", "return True if a and b else False")
        for a in VALUES:
            self.assertIs(negated(a), operator.not_(a), a)
            self.assertIs(both(a, 1), operator.truth(a), a)

        class Undecided:
            def __bool__(self):
                raise KeyError("which")

        self.assertRaisesRegex(KeyError, "which", call, Undecided())

    def test_none(self):
        call = function("a", "if a is None: return True", "return False")
        self.used(call, "LOAD_FAST__POP_JUMP_IF_NOT_NONE")
        for a in VALUES:
            self.assertIs(call(a), a is None)

    def test_subscripts(self):
        both, right = function("a, b", "return a[b]"), function("a, b", "return (a, 0)[0][b]")
        self.used(both, "LOAD_FAST_LOAD_FAST__BINARY_SUBSCR")
        self.used(right, "LOAD_FAST__BINARY_SUBSCR")
        for a, b in itertools.product([*VALUES, range(5), {"a": 1, 1: 2}, [3, 4, 5], (6, 7, 8)], [*VALUES, -3, -4, 2, slice(1)]):
            wanted = outcome(operator.getitem, a, b)
            self.assertEqual(outcome(both, a, b), wanted, (a, b))
            self.assertEqual(outcome(right, a, b), wanted, (a, b))

    def test_attributes(self):
        load, call = function("o", "return o.name"), function("o", "return o.name()")
        store, other = function("o, v", "o.name = v"), function("o, v", "o.name = [v][0]")
        self.used(load, "LOAD_FAST__LOAD_ATTR")
        self.used(call, "LOAD_FAST__LOAD_ATTR")
        self.used(store, "LOAD_FAST_LOAD_FAST__STORE_ATTR")
        self.used(other, "LOAD_FAST__STORE_ATTR")

        class Plain:
            pass

        class Slots:
            __slots__ = ("name",)

        class Method:
            def name(self):
                return "called"

        class Property:
            @property
            def name(self):
                return len

            @name.setter
            def name(self, value):
                raise ValueError(f"not {value}")

        for cls, value in itertools.product((Plain, Slots, Method, Property), (lambda: 1, "text")):
            for one, another in ((store, setattr), (other, setattr)):
                # The first fills the thread's cache, the others use it.
                for _ in range(3):
                    fast, general = cls(), cls()
                    self.assertEqual(outcome(load, fast)[0], outcome(getattr, general, "name")[0])
                    self.assertEqual(outcome(one, fast, value), outcome(another, general, "name", value))
                    self.assertEqual(outcome(one, fast, value), outcome(another, general, "name", value))
                    self.assertIs(type(getattr(fast, "name")), type(getattr(general, "name")))
                    self.assertEqual(outcome(call, fast), outcome(lambda: getattr(general, "name")()))


class References(unittest.TestCase):
    def test_nothing_is_kept_and_nothing_is_given_away(self):
        class Owner:
            __slots__ = ("value",)

        def work(owner, items, index, number, text):
            owner.value = number
            owner.value = [text][0]
            same = owner.value
            if index < number and text and index is None:
                return None
            return items[index], (items, 0)[0][index], number * number, (number, 0)[0] + number, number + 1.5, same

        number, text = float("2.5"), "".join(["te", "xt"])
        operands = [Owner(), [object(), object()], 1, number, text]
        work(*operands)
        before = [sys.getrefcount(operand) for operand in operands]
        for _ in range(1000):
            self.assertEqual(work(*operands)[2:], (6.25, 5.0, 4.0, "text"))
        self.assertEqual([sys.getrefcount(operand) for operand in operands], before)
        self.assertEqual(number, 2.5)

    def test_floats_in_variables_stay_as_they_are(self):
        def work(a, b):
            c = a * b
            d = c + a
            c += b
            return a * 2.0 + b - c * 1.0, (a, b, c, d)

        self.assertEqual(work(float("1.5"), float("2.0")), (0.0, (1.5, 2.0, 5.0, 4.5)))

    def test_a_variable_that_an_attribute_changes(self):
        """What an attribute runs takes the owner out of the variable that it was loaded from."""
        class Owner:
            def __getattr__(self, name):
                sys._getframe(1).f_locals["owner"] = None
                return self

            def __setattr__(self, name, value):
                sys._getframe(1).f_locals["owner"] = None
                super().__setattr__(name, value)

        def load(owner):
            return owner.missing, owner

        def store(owner, value):
            owner.name = value
            return owner

        for _ in range(100):
            found, variable = load(Owner())
            self.assertIs(type(found), Owner)
            self.assertIsNone(variable)
            self.assertIsNone(store(Owner(), 1))

    def test_a_value_that_goes_takes_its_owner_along(self):
        class Owner:
            __slots__ = ("value",)

        class Last:
            def __del__(self):
                frames.append(sys._getframe(1).f_lineno)
                sys._getframe(1).f_locals["owner"] = None

        def store(owner, value):
            owner.value = Last()
            owner.value = value
            return owner

        frames = []
        for _ in range(100):
            self.assertIsNone(store(Owner(), 1))
        self.assertEqual(set(frames), {store.__code__.co_firstlineno + 2})


class SeenFromOutside(unittest.TestCase):
    def test_code_is_what_the_compiler_made(self):
        source = "def work(o, a, b):\n    o.x = a + b\n    return o.x if a < b else (a + 1, o[a])\n"
        code = next(constant for constant in compile(source, "work", "exec").co_consts if hasattr(constant, "co_code"))
        self.assertNotEqual(code._co_code_adaptive, code.co_code)
        self.assertFalse([name for name in names(code) if "__" in name])
        again = marshal.loads(marshal.dumps(code))
        self.assertEqual((again.co_code, hash(again)), (code.co_code, hash(code)))
        self.assertEqual(again, code)
        self.assertEqual(code.replace(co_name="other").co_code, code.co_code)
        self.assertEqual(len(names(code, adaptive=True)), len(names(code)))

    def test_the_second_instruction_can_be_jumped_to(self):
        class Owner:
            def __init__(self, name):
                self.name = name

        def work(condition, a, b):
            return (a if condition else b).name

        for condition in (True, False, 0, [1]):
            self.assertEqual(work(condition, Owner("a"), Owner("b")), "a" if condition else "b")

        def arithmetic(condition, a, b, c):
            return (a if condition else b) + c, c + (a if condition else b)

        self.assertEqual([arithmetic(c, 1, 2.5, 10) for c in (1, 0)], [(11, 11), (12.5, 12.5)])

    def test_arguments_of_more_than_a_byte(self):
        count = 600
        parameters = ", ".join(f"v{i}" for i in range(count))
        last = count - 1
        call = function(
            parameters,
            f"x = [{', '.join(str(i) for i in range(1000, 1000 + count))}, 'text'][-1]",
            f"y = [{', '.join(f'v0.n{i}' for i in range(count))}]",
            f"v0.n{last} = v{last}",
            f"return v0.n{last}, v{last} + v{last}, v{last} + 5.25, v{last} * 7, v{last} < v1, v{last} is None, v0.n1",
        )

        class Owner:
            pass

        owner = Owner()
        for i in range(count):
            setattr(owner, f"n{i}", i)
        self.assertEqual(call(owner, *range(1, count)), (last, 2 * last, last + 5.25, 7 * last, False, False, 1))

    def test_errors_are_where_they_happen(self):
        def work(a, b):
            return (
                a
                + b
            )

        def attribute(owner):
            return (
                owner
                .missing
            )

        def last(error):
            entry = traceback.extract_tb(error.__traceback__)[-1]
            return entry.lineno, entry.end_lineno

        for call, args, kind, lines in ((work, (1, "a"), TypeError, (2, 3)), (attribute, (1,), AttributeError, (3, 3))):
            for _ in range(3):
                first = call.__code__.co_firstlineno
                try:
                    call(*args)
                except kind as error:
                    self.assertEqual(last(error), tuple(first + line for line in lines))
                else:
                    self.fail(f"no {kind}")

    def test_unbound_variables(self):
        def work(bind):
            if bind:
                a = 1
            return a + 1, a.real, a < bind

        self.assertEqual(work(True), (2, 1, False))
        self.assertRaises(UnboundLocalError, work, False)

    def test_traces_see_each_instruction(self):
        def work(o, a, b):
            for _ in range(3):
                o.x = a + b
                if a < b and o.x and o is not None:
                    c = o.x * 2
            return c

        class Owner:
            pass

        def trace(frame, event, argument):
            if frame.f_code is not work.__code__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                seen[frame.f_lasti] += 1
            elif event == "line":
                lines.append(frame.f_lineno - work.__code__.co_firstlineno)
            return trace

        seen, lines = collections.Counter(), []
        work(Owner(), 1, 2)
        sys.settrace(trace)
        try:
            work(Owner(), 1, 2)
        finally:
            sys.settrace(None)
        inside = [i for i in dis.get_instructions(work) if i.positions.lineno in {work.__code__.co_firstlineno + n for n in (2, 3, 4)}]
        for instruction in inside:
            if instruction.opname not in ("CACHE", "EXTENDED_ARG") and "FOR" not in instruction.opname and instruction.opname != "JUMP_BACKWARD":
                self.assertEqual(seen[instruction.offset], 3, instruction)
        self.assertEqual(lines, [1, *[2, 3, 4, 1] * 3, 5])
        self.assertEqual(work(Owner(), 1, 2), 6)

    def test_lines_that_another_thread_sees(self):
        """Patch 0213: most instructions do not say where the frame is; jumps back, calls and what may fail do."""

        def work():
            a = 1
            while not stop:
                a = a * 3 % 7
                if a < 5:
                    a = a + 1
                [a]

        stop = []
        thread = threading.Thread(target=work)
        thread.start()
        first = work.__code__.co_firstlineno
        seen = collections.Counter()
        try:
            while len(seen) < 2 or sum(seen.values()) < 1000:
                frame = sys._current_frames().get(thread.ident)
                if frame is not None and frame.f_code is work.__code__:
                    seen[frame.f_lineno - first] += 1
        finally:
            stop.append(1)
            thread.join()
        self.assertLessEqual(set(seen), {1, 2, 3, 4, 5, 6})

    def test_monitoring_that_begins_and_ends_while_threads_run(self):
        class Owner:
            def __init__(self):
                self.x = 1

        def work(owner):
            total = 0
            value = 1.5
            while not stop:
                for i in range(100):
                    total = owner.x + i
                    owner.x = total - i
                    if value < total and owner is not None:
                        value = value * 1.0
            done.append((owner.x, value))

        stop, done, events = [], [], []
        monitoring = sys.monitoring
        tool = 3
        threads = [threading.Thread(target=work, args=(Owner(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        monitoring.use_tool_id(tool, "operands")
        try:
            kinds = monitoring.events
            for kind in (kinds.INSTRUCTION, kinds.LINE, kinds.BRANCH):
                monitoring.register_callback(tool, kind, lambda *args: events.append(args[1]))
            for _ in range(20):
                count = len(events)
                monitoring.set_local_events(tool, work.__code__, kinds.INSTRUCTION | kinds.LINE | kinds.BRANCH)
                while len(events) < count + 2000:
                    pass
                monitoring.set_local_events(tool, work.__code__, 0)
        finally:
            stop.append(True)
            monitoring.free_tool_id(tool)
            for thread in threads:
                thread.join()
        self.assertEqual(done, [(1, 1.5)] * 3)


if __name__ == "__main__":
    unittest.main()
