"""Text: split, joined, searched, formatted, compared, encoded."""

LOOPS = 3
EXPECTED = 464732

WORDS = ("warp weft loom shuttle heddle reed treadle selvage " * 40).split()
TEXT = " ".join(WORDS)
MIXED = "Stra\u00dfe \u4e16\u754c caf\u00e9 \U0001f9f5 na\u00efve " * 60


def run(loops):
    for _ in range(loops):
        value = 0
        for i in range(40):
            parts = TEXT.split(" ")
            value += len("-".join(parts)) + TEXT.count("loom") + TEXT.find("selvage", 1000)
            value += len(TEXT.replace("weft", "woof").upper().title())
            value += len(MIXED.casefold()) + len(MIXED.encode()) + len(MIXED.encode("utf-16").decode("utf-16"))
        built = ""
        for i, word in enumerate(WORDS * 8):
            built += f"{i:05d}:{word:>10s}|{i / 3:.2f};"
            if word.startswith(("l", "s")) and word.endswith("m"):
                built += word[::-1]
            value += word == "reed"
        lines = built.split(";")
        value += len(built) + len(lines) + sum(line.strip().isdigit() or line[:5].isdigit() for line in lines)
        value += len(sorted(lines, key=str.lower)[3])
    return value
