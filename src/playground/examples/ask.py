# input() waits for your answer below. Only the thread that asks waits:
# the clock thread goes on counting.
import threading
import time

stop = threading.Event()
seconds = 0


def clock():
    global seconds
    while not stop.wait(1):
        seconds += 1


threading.Thread(target=clock, name="clock").start()

name = input("What is your name? ")
print(f"Hello {name}!")
while True:
    try:
        number = int(input("A number between 1 and 10: "))
        break
    except ValueError:
        print("That is no number.")
stop.set()
print(f"{number} squared is {number**2}. You took {seconds} s.")
