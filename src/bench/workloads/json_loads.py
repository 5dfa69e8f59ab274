"""JSON to objects."""

import json

LOOPS = 20
EXPECTED = [24000, 200, 21700, 2487.5]

SMALL = '{"id": 17, "name": "loom", "tags": ["a", "b"], "price": 12.5, "sold": false, "next": null}'
TEXT = json.dumps({"text": "warp and weft \u00e4\u00f6\u00fc \u2192 \U0001f9f5 \"quoted\"\n" * 5})
LARGE = json.dumps([
    {"numbers": list(range(i, i + 10)), "ratio": i / 8, "nested": {"a": [{"b": str(i)}], "empty": {}}} for i in range(200)
])


def run(loops):
    for _ in range(loops):
        count = sum(json.loads(SMALL)["id"] for _ in range(500))
        count += sum(len(json.loads(TEXT)["text"]) for _ in range(100))
        large = json.loads(LARGE)
        value = [count, len(large), sum(entry["numbers"][-1] for entry in large), sum(entry["ratio"] for entry in large)]
    return value
