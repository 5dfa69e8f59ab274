"""Pancake flips over all permutations of eight numbers."""

LOOPS = 1
EXPECTED = [1616, 22]


def fannkuch(n):
    permutation = list(range(n))
    counts = [0] * n
    checksum = most = index = 0
    while True:
        if permutation[0]:
            pancakes = permutation[:]
            flips = 0
            while first := pancakes[0]:
                pancakes[:first + 1] = pancakes[first::-1]
                flips += 1
            if flips > most:
                most = flips
            checksum += -flips if index & 1 else flips
        index += 1
        # The next permutation: turn the shortest prefix that has not been turned all the way.
        for place in range(1, n):
            permutation.insert(place, permutation.pop(0))
            counts[place] += 1
            if counts[place] <= place:
                break
            counts[place] = 0
        else:
            return [checksum, most]


def run(loops):
    for _ in range(loops):
        value = fannkuch(8)
    return value
