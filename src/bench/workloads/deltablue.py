"""DeltaBlue: constraints of different strengths, satisfied one by one as they come and go."""

LOOPS = 10
EXPECTED = [99, 99, 0, 1170, 5, 1015, 2295]

REQUIRED, STRONG, PREFERRED, MEDIUM, NORMAL, WEAK, WEAKEST = range(7)


class Variable:
    def __init__(self, value=0):
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.walk_strength = WEAKEST
        self.stay = True


class Constraint:
    """Smaller numbers of strengths are stronger."""

    def __init__(self, strength, planner):
        self.strength = strength
        for variable in self.variables():
            variable.constraints.append(self)
        self.output = None
        planner.add(self)

    def inputs(self):
        return [variable for variable in self.variables() if variable is not self.output]

    def satisfied(self):
        return self.output is not None

    def inputs_known(self, mark):
        return all(one.mark == mark or one.stay or one.determined_by is None for one in self.inputs())

    def satisfy(self, mark, planner):
        """Makes it hold if it is strong enough; returns the constraint that had to go for it."""
        self.choose(mark)
        if not self.satisfied():
            if self.strength == REQUIRED:
                raise ValueError("a required constraint cannot be satisfied")
            return None
        for variable in self.inputs():
            variable.mark = mark
        overridden = self.output.determined_by
        if overridden is not None:
            overridden.output = None
        self.output.determined_by = self
        if not planner.propagate(self, mark):
            raise ValueError("a cycle of constraints")
        self.output.mark = mark
        return overridden

    def recalculate(self):
        inputs = self.inputs()
        self.output.walk_strength = max([self.strength, *(one.walk_strength for one in inputs)])
        self.output.stay = self.is_stay() and all(one.stay for one in inputs)
        if self.output.stay:
            self.execute()

    def is_stay(self):
        return True

    def is_edit(self):
        return False


class Unary(Constraint):
    def __init__(self, variable, strength, planner):
        self.variable = variable
        super().__init__(strength, planner)

    def variables(self):
        return [self.variable]

    def choose(self, mark):
        free = self.variable.mark != mark and self.strength < self.variable.walk_strength
        self.output = self.variable if free else None

    def execute(self):
        pass


class Stay(Unary):
    pass


class Edit(Unary):
    def is_edit(self):
        return True

    def is_stay(self):
        return False


class Equality(Constraint):
    """first == second, computed either way."""

    def __init__(self, first, second, strength, planner):
        self.first = first
        self.second = second
        super().__init__(strength, planner)

    def variables(self):
        return [self.first, self.second]

    def choose(self, mark):
        first, second = self.first, self.second
        if first.mark == mark:
            chosen = second if second.mark != mark and self.strength < second.walk_strength else None
        elif second.mark == mark:
            chosen = first if self.strength < first.walk_strength else None
        elif first.walk_strength > second.walk_strength:
            chosen = first if self.strength < first.walk_strength else None
        else:
            chosen = second if self.strength < second.walk_strength else None
        self.output = chosen

    def execute(self):
        if self.output is self.second:
            self.second.value = self.first.value
        else:
            self.first.value = self.second.value


class Scale(Equality):
    """second == first * factor + offset."""

    def __init__(self, first, factor, offset, second, strength, planner):
        self.factor = factor
        self.offset = offset
        super().__init__(first, second, strength, planner)

    def variables(self):
        return [self.first, self.second, self.factor, self.offset]

    def execute(self):
        if self.output is self.second:
            self.second.value = self.first.value * self.factor.value + self.offset.value
        else:
            self.first.value = (self.second.value - self.offset.value) // self.factor.value


class Planner:
    def __init__(self):
        self.mark = 0

    def new_mark(self):
        self.mark += 1
        return self.mark

    def add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark, self)
        while overridden is not None:
            overridden = overridden.satisfy(mark, self)

    def remove(self, constraint):
        out = constraint.output
        for variable in constraint.variables():
            variable.constraints.remove(constraint)
        constraint.output = None
        if out is None:
            return
        out.determined_by = None
        out.walk_strength = WEAKEST
        out.stay = True
        unsatisfied = []
        todo = [out]
        while todo:
            variable = todo.pop()
            for one in variable.constraints:
                if not one.satisfied():
                    unsatisfied.append(one)
                elif one is not variable.determined_by:
                    one.recalculate()
                    todo.append(one.output)
        for one in sorted(unsatisfied, key=lambda one: one.strength):
            self.add(one)

    def propagate(self, constraint, mark):
        todo = [constraint]
        while todo:
            one = todo.pop()
            if one.output.mark == mark:
                return False
            one.recalculate()
            todo += self.users(one.output)
        return True

    def users(self, variable):
        return [one for one in variable.constraints if one is not variable.determined_by and one.satisfied()]

    def plan(self, sources):
        """The constraints to execute, in an order in which inputs come first."""
        mark = self.new_mark()
        plan = []
        todo = [one for one in sources if one.satisfied() and not one.is_stay()]
        while todo:
            one = todo.pop()
            if one.output.mark != mark and one.inputs_known(mark):
                plan.append(one)
                one.output.mark = mark
                todo += self.users(one.output)
        return plan


def edit(planner, variable, values):
    constraint = Edit(variable, PREFERRED, planner)
    plan = planner.plan([constraint])
    for value in values:
        variable.value = value
        for one in plan:
            one.execute()
    planner.remove(constraint)


def chain(count):
    """Equal variables in a row: what is set at one end arrives at the other."""
    planner = Planner()
    row = [Variable() for _ in range(count + 1)]
    for first, second in zip(row, row[1:]):
        Equality(first, second, REQUIRED, planner)
    Stay(row[-1], MEDIUM, planner)
    edit(planner, row[0], range(100))
    return [row[-1].value, row[count // 2].value, sum(one.value != row[-1].value for one in row)]


def projection(count):
    """Pairs of variables that share a factor and an offset, changed from all sides."""
    planner = Planner()
    factor, offset = Variable(10), Variable(1000)
    firsts, seconds = [], []
    for i in range(count):
        first, second = Variable(i), Variable(i)
        Stay(first, NORMAL, planner)
        Scale(first, factor, offset, second, REQUIRED, planner)
        firsts.append(first)
        seconds.append(second)
    edit(planner, firsts[0], [17])
    result = [seconds[0].value]
    edit(planner, seconds[1], [1050])
    result.append(firsts[1].value)
    edit(planner, factor, [5])
    result.append(seconds[3].value)
    edit(planner, offset, [2000])
    result.append(seconds[-1].value)
    return result


def run(loops):
    for _ in range(loops):
        value = chain(60) + projection(60)
    return value
