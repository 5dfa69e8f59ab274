/** Programs that do not end, by what they do. */

/** From Stop to a prompt that works, in milliseconds. The page itself gives a program 350. */
export const LIMIT = 500;

/** An interrupt ends these. */
export const INTERRUPTED: Readonly<Record<string, string>> = {
  "a Python loop": "while True: pass",
  "time.sleep": "import time; time.sleep(1000)",
  "a blocked lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
  "a queue": "import queue\nqueue.Queue().get()",
  "input()": "input('name? ')",
  "a power of big integers": "x = 3**(10**8)",
};

/** The interrupt is heard of behind what is still to be drawn: on a busy machine Python is restarted before. */
export const PRINTS = "while True: print('x' * 60)";

/** These are ended with their interpreter. */
export const RESTARTED: Readonly<Record<string, string>> = {
  "a long C call": "sum(range(10**10))",
  "a program that catches everything": "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
  "a thread that is not the main one": "import threading\ndef f():\n  while True: pass\nt = threading.Thread(target=f)\nt.start()\nt.join()",
  "a collection that a C call holds up": "import gc, threading, time\nthreading.Thread(target=sum, args=(range(10**10),)).start()\ntime.sleep(0.2)\ngc.collect()",
  "a deadlock of two threads": "import threading\na, b = threading.Lock(), threading.Lock()\nline = threading.Barrier(2)\ndef f(x, y):\n  with x:\n    line.wait()\n    with y: pass\nthreads = [threading.Thread(target=f, args=p) for p in ((a, b), (b, a))]\nfor t in threads: t.start()\nfor t in threads: t.join()",
};
