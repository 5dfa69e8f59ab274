"""Lists: appended, sliced, sorted, reversed, searched, flattened, used as stacks and queues."""

LOOPS = 3
EXPECTED = 10304607


def run(loops):
    for _ in range(loops):
        value = 0
        numbers = []
        state = 12345
        for _ in range(12_000):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            numbers.append(state >> 8)
        ordered = sorted(numbers)
        value += ordered[100] + ordered[-100]
        value += sorted(numbers, key=lambda n: n % 1000)[0] % 1000
        odd = [n for n in numbers if n & 1]
        value += len(odd) + sum(a < b for a, b in zip(numbers, numbers[1:]))
        stack = []
        for n in numbers:
            if n % 3 and stack:
                value += stack.pop() & 1
            else:
                stack.append(n)
        queue = list(range(500))
        for i in range(3000):
            queue.append(queue.pop(0) + 1)
            queue.insert(i % 100, i)
            del queue[-(i % 50) - 1]
        value += sum(queue)
        rows = [[x * y for x in range(50)] for y in range(50)]
        columns = [list(column) for column in zip(*rows)]
        flat = [n for row in columns for n in row[::-1]]
        flat[10:2000:7] = [0] * len(flat[10:2000:7])
        value += sum(flat) + flat.index(0) + flat.count(0)
    return value
