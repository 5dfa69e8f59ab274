"""Objects to JSON: small ones often, a large one, and text that needs escapes."""

import json

LOOPS = 25
EXPECTED = [70950, 26140, 202]

SMALL = {"id": 17, "name": "loom", "tags": ["a", "b"], "price": 12.5, "sold": False, "next": None}
TEXT = {"text": "warp and weft \u00e4\u00f6\u00fc \u2192 \U0001f9f5 \"quoted\"\n" * 5}
LARGE = {
    f"key{i}": {"numbers": list(range(i, i + 10)), "ratio": i / 8, "nested": {"a": [{"b": str(i)}], "empty": {}}} for i in range(200)
}


def run(loops):
    for _ in range(loops):
        size = sum(len(json.dumps(SMALL)) for _ in range(500))
        size += sum(len(json.dumps(TEXT)) + len(json.dumps(TEXT, ensure_ascii=False)) for _ in range(50))
        large = json.dumps(LARGE)
        value = [size, len(large), len(json.dumps(LARGE["key7"], indent=2, sort_keys=True))]
    return value
