"""transitions: LockedMachine for threads ("Threadsafe(-ish)"), Machine for one."""

from transitions import Machine
from transitions.extensions import LockedMachine


class Model:
    def __init__(self):
        self.entered = 0
        self.inside = 0
        self.most = 0

    def on_enter_B(self):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered += 1
        self.inside -= 1


STATES = ["A", "B", "C"]
TRANSITIONS = [["go", "A", "B"], ["go", "B", "C"], ["go", "C", "A"]]


class HammerMachine:
    """A machine without locks is for one thread."""

    machine_class = Machine

    def setup(self):
        model = Model()
        self.machine = self.machine_class(model, states=STATES, transitions=TRANSITIONS, initial="A")
        return model

    def op(self, model, index):
        for _ in range(6):
            model.go()

    def check(self, model):
        assert model.most == 1, f"{model.most} threads were in the callback at once"
        assert model.entered % 2 == 0 and model.state == "A", f"B entered {model.entered} times, state {model.state}"


class HammerLockedMachine(HammerMachine):
    machine_class = LockedMachine


class HammerLockedMachineModels:
    """Models come and go."""

    def setup(self):
        return LockedMachine(None, states=STATES, transitions=TRANSITIONS, initial="A")

    def op(self, machine, index):
        for _ in range(2):
            model = Model()
            machine.add_model(model)
            model.go()
            assert model.state == "B"
            machine.remove_model(model)

    def check(self, machine):
        assert machine.models == [] and not machine.model_context_map, machine.models
