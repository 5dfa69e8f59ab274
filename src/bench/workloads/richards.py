"""Martin Richards' benchmark: the task dispatcher of an operating system kernel, with six tasks and two devices."""

LOOPS = 1
# Packets that were queued, times that a task was held: known from the benchmark's other versions.
EXPECTED = [23246, 9297]

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
DEVICE_PACKET, WORK_PACKET = range(2)
PACKET_SIZE = 4


class Packet:
    def __init__(self, link, ident, kind):
        self.link = link
        self.ident = ident
        self.kind = kind
        self.datum = 0
        self.data = [0] * PACKET_SIZE

    def append_to(self, queue):
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class Task:
    def __init__(self, scheduler, ident, priority, queue, packet_pending, waiting):
        self.scheduler = scheduler
        self.ident = ident
        self.priority = priority
        self.queue = queue
        self.packet_pending = packet_pending
        self.waiting = waiting
        self.held = False
        scheduler.add(self)

    def blocked(self):
        return self.held or (self.waiting and not self.packet_pending)

    def take_turn(self):
        packet = None
        if self.waiting and self.packet_pending:
            packet = self.queue
            self.queue = packet.link
            self.waiting = False
            self.packet_pending = self.queue is not None
        return self.step(packet)

    def receive(self, packet, sender):
        """Takes a packet; returns who goes on."""
        if self.queue is None:
            self.queue = packet
            self.packet_pending = True
            if self.priority > sender.priority:
                return self
        else:
            packet.append_to(self.queue)
        return sender

    def wait(self):
        self.waiting = True
        return self

    def step(self, packet):
        raise NotImplementedError


class Idle(Task):
    def __init__(self, scheduler):
        super().__init__(scheduler, IDLE, 0, None, False, False)
        self.control = 1
        self.count = 10_000

    def step(self, packet):
        self.count -= 1
        if self.count == 0:
            return self.scheduler.hold()
        if self.control & 1 == 0:
            self.control //= 2
            return self.scheduler.release(DEVICE_A)
        self.control = self.control // 2 ^ 0xD008
        return self.scheduler.release(DEVICE_B)


class Worker(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, WORKER, 1000, queue, True, True)
        self.destination = HANDLER_A
        self.letter = 0

    def step(self, packet):
        if packet is None:
            return self.wait()
        self.destination = HANDLER_B if self.destination == HANDLER_A else HANDLER_A
        packet.ident = self.destination
        packet.datum = 0
        for i in range(PACKET_SIZE):
            self.letter = self.letter + 1 if self.letter < 26 else 1
            packet.data[i] = ord("A") + self.letter - 1
        return self.scheduler.send(packet)


class Handler(Task):
    def __init__(self, scheduler, ident, priority, queue):
        super().__init__(scheduler, ident, priority, queue, True, True)
        self.work = None
        self.devices = None

    def step(self, packet):
        if packet is not None:
            if packet.kind == WORK_PACKET:
                self.work = packet.append_to(self.work)
            else:
                self.devices = packet.append_to(self.devices)
        work = self.work
        if work is None:
            return self.wait()
        if work.datum >= PACKET_SIZE:
            self.work = work.link
            return self.scheduler.send(work)
        device = self.devices
        if device is None:
            return self.wait()
        self.devices = device.link
        device.datum = work.data[work.datum]
        work.datum += 1
        return self.scheduler.send(device)


class Device(Task):
    def __init__(self, scheduler, ident, priority):
        super().__init__(scheduler, ident, priority, None, False, True)
        self.pending = None

    def step(self, packet):
        if packet is not None:
            self.pending = packet
            return self.scheduler.hold()
        pending = self.pending
        if pending is None:
            return self.wait()
        self.pending = None
        return self.scheduler.send(pending)


class Scheduler:
    def __init__(self):
        # In the order of their turns: the latest first.
        self.order = []
        self.tasks = {}
        self.current = None
        self.queued = 0
        self.holds = 0

    def add(self, task):
        self.order.insert(0, task)
        self.tasks[task.ident] = task

    def run(self):
        following = {task: after for task, after in zip(self.order, [*self.order[1:], None])}
        task = self.order[0]
        while task is not None:
            self.current = task
            self.next = following[task]
            task = self.next if task.blocked() else task.take_turn()
            if task is HELD:
                task = self.next

    def hold(self):
        self.holds += 1
        self.current.held = True
        return HELD

    def release(self, ident):
        task = self.tasks[ident]
        task.held = False
        return task if task.priority > self.current.priority else self.current

    def send(self, packet):
        self.queued += 1
        sender = self.current
        receiver = self.tasks[packet.ident]
        packet.link = None
        packet.ident = sender.ident
        return receiver.receive(packet, sender)


# The scheduler goes on with the task after the current one.
HELD = object()


def packets(ident, kind, count):
    queue = None
    for _ in range(count):
        queue = Packet(queue, ident, kind)
    return queue


def run(loops):
    for _ in range(loops):
        scheduler = Scheduler()
        Idle(scheduler)
        Worker(scheduler, packets(WORKER, WORK_PACKET, 2))
        Handler(scheduler, HANDLER_A, 2000, packets(DEVICE_A, DEVICE_PACKET, 3))
        Handler(scheduler, HANDLER_B, 3000, packets(DEVICE_B, DEVICE_PACKET, 3))
        Device(scheduler, DEVICE_A, 4000)
        Device(scheduler, DEVICE_B, 5000)
        scheduler.run()
        value = [scheduler.queued, scheduler.holds]
    return value
