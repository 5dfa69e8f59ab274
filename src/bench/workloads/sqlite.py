"""A database in memory: inserts, an index, joins, aggregates, and a function in Python."""

import sqlite3

LOOPS = 2
EXPECTED = [["blue", 750250.0, 1000], ["green", 749750.0, 1000], ["red", 749250.0, 1000], [1000, "cloth999"], 149907, 25890, 224250.0]


def run(loops):
    for _ in range(loops):
        db = sqlite3.connect(":memory:")
        db.create_function("twist", 1, lambda n: n * 7 % 101, deterministic=True)
        db.execute("create table yarn (id integer primary key, color text, length real)")
        db.execute("create table cloth (yarn integer, name text)")
        db.executemany("insert into yarn values (?, ?, ?)", ((i, ("red", "green", "blue")[i % 3], i / 2) for i in range(3000)))
        db.executemany("insert into cloth values (?, ?)", ((i * 13 % 3000, f"cloth{i}") for i in range(3000)))
        db.execute("create index by_yarn on cloth (yarn)")
        totals = db.execute("select color, sum(length), count(*) from yarn group by color order by color").fetchall()
        joined = db.execute("select count(*), max(name) from cloth join yarn on yarn.id = cloth.yarn where color = 'red'").fetchone()
        twisted = db.execute("select sum(twist(id)) from yarn").fetchone()[0]
        rows = 0
        for _, name in db.execute("select yarn, name from cloth order by name desc"):
            rows += len(name)
        single = sum(db.execute("select length from yarn where id = ?", (i,)).fetchone()[0] for i in range(0, 3000, 10))
        db.close()
        value = [[color, total, count] for color, total, count in totals] + [list(joined), twisted, rows, single]
    return value
