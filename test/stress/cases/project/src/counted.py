total = 0


def count(times):
    """A counter that is not made for threads."""
    global total
    before = total
    for _ in range(times):
        total += 1
    return total - before
