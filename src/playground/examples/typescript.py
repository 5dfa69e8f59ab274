"""Python classes that are written in TypeScript: see accounts.ts beside this file.

All threads use the same objects, without copies and without messages. The classes have what Rust programmers know from PyO3:
methods that share an object, methods that have it alone, and a borrow checker that tells when both cannot be.
"""

import threading
from accounts import Account, Meter, Overdrawn

account = Account(1000)


def trade():
    for _ in range(1_000):
        account.deposit(3)
        account.withdraw(3)


threads = [threading.Thread(target=trade) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("after 8,000 calls from 4 threads:", account)

try:
    account.withdraw(5000)
except Overdrawn as error:
    print("refused:", error)

meter = Meter()
meter.update(lambda value: value + 1)
print("meter:", meter.value)
try:
    # The method has the object alone, and its function wants it a second time.
    meter.update(lambda value: meter.update(lambda value: value) or value)
except RuntimeError as error:
    print("refused:", error)
