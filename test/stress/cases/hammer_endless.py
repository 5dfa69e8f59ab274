class HammerEndless:
    def op(self, state, index):
        while True:
            pass
