# One producer, three consumers, one queue. put() waits while the queue is full,
# get() waits while it is empty. The threads sleep meanwhile; nothing polls.
import queue
import random
import threading
import time

orders = queue.Queue(maxsize=4)
printing = threading.Lock()


def say(text):
    with printing:
        print(f"{threading.current_thread().name:9} {text}")


def produce():
    for number in range(1, 13):
        orders.put(number)
        say(f"ordered  {number:2}   ({orders.qsize()} waiting)")
        time.sleep(random.uniform(0.02, 0.12))
    orders.shutdown()  # consumers get ShutDown when the queue is empty


def consume():
    while True:
        try:
            number = orders.get()
        except queue.ShutDown:
            say("goes home")
            return
        time.sleep(random.uniform(0.15, 0.45))
        say(f"finished {number:2}")


threads = [threading.Thread(target=produce, name="producer")]
threads += [threading.Thread(target=consume, name=f"cook-{n + 1}") for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("closed")
