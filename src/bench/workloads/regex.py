"""Regular expressions: lines of a log, tokens of a program, replacements, and a pattern that has to go back."""

import re

LOOPS = 10
EXPECTED = [298723, 660, 120, 36855, 6800, True]

LOG = "\n".join(
    f'10.0.{i % 7}.{i % 251} - user{i % 13} [{i % 28 + 1:02}/Mar/2024:{i % 24:02}:{i % 60:02}:00 +0000] '
    f'"{("GET", "POST", "PUT")[i % 3]} /path/{i}/item?id={i * 7} HTTP/1.1" {(200, 404, 500)[i % 3]} {i * 31 % 5000}'
    for i in range(400)
)
PROGRAM = "def f(x, y):\n    return x * 2.5e3 + y // 0xff if x >= y else 'text' # note\n" * 60

LINE = re.compile(
    r'^(?P<host>[\d.]+) - (?P<user>\w+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+) [^"]*" (?P<status>\d{3}) (?P<size>\d+)$',
    re.MULTILINE,
)
TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<comment>#[^\n]*)|(?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?(?:e\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<string>'[^']*')|(?P<operator>//|>=|[-+*/(),:=<>])"
)


def run(loops):
    for _ in range(loops):
        size = sum(int(match["size"]) for match in LINE.finditer(LOG) if match["status"] == "200")
        kinds = {}
        for match in TOKEN.finditer(PROGRAM):
            kinds[match.lastgroup] = kinds.get(match.lastgroup, 0) + 1
        replaced = re.sub(r"user(\d+)", lambda match: f"<{int(match[1]) + 1}>", LOG)
        words = re.split(r"[\s/?=]+", LOG)
        back = re.search(r"(?:a|aa)+b", "a" * 16) is None
        value = [size, kinds["name"], kinds["number"], len(replaced), len(words), back]
    return value
