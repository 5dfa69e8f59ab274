"""What the tests of fast paths compare: what calling a function gives or raises."""


def outcome(function, *args):
    try:
        value = function(*args)
    except Exception as error:
        return type(error), str(error)
    return type(value), repr(value)
