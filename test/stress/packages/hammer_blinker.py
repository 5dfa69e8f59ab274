"""blinker: signals, which its documentation calls thread-safe."""

import blinker


class HammerConnectAndSend:
    """Receivers come and go while others are called."""

    def setup(self):
        signal = blinker.Signal()
        self.calls = []

        def always(sender, **named):
            self.calls.append(sender)

        self.always = always
        signal.connect(always)
        return signal

    def op(self, signal, index):
        def own(sender, **named):
            pass

        for i in range(6):
            signal.connect(own, sender=f"s{i % 2}", weak=False)
            signal.send(f"s{index % 2}")
            signal.disconnect(own, sender=f"s{i % 2}")

    def check(self, signal):
        assert len(self.calls) % 6 == 0, f"{len(self.calls)} calls"
        assert list(signal.receivers_for("s0")) == [self.always]


class HammerSameReceiver:
    """One connects the receiver that another disconnects: at the end it is connected wholly, or not at all."""

    def setup(self):
        def receiver(sender, **named):
            pass

        self.receiver = receiver
        return blinker.Signal()

    def op(self, signal, index):
        for _ in range(6):
            if index % 2:
                signal.disconnect(self.receiver)
            else:
                signal.connect(self.receiver, weak=False)

    def check(self, signal):
        known = bool(signal.receivers)
        used = any(signal._by_sender.values())
        assert known == used, f"receivers {bool(known)}, by sender {used}"


class HammerMuted:
    """muted() is for one thread: it puts back False whatever was there before."""

    def setup(self):
        return blinker.Signal()

    def op(self, signal, index):
        for _ in range(6):
            with signal.muted():
                assert signal.is_muted


class HammerNamespace:
    def setup(self):
        self.got = set()
        return blinker.Namespace()

    def op(self, namespace, index):
        for i in range(10):
            self.got.add((i, id(namespace.signal(f"n{i}"))))

    def check(self, namespace):
        assert len(self.got) == 10, f"{len(self.got)} signals for 10 names"
