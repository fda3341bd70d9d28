"""The one exception that foreshock raises for what a user can mend."""


class InputError(ValueError):
    """Bad input, told in one line: what was expected, what was received, what to do.

    >>> str(InputError("a sampling rate of at least 50 Hz", "20 Hz", "use a record with a higher rate"))
    'expected a sampling rate of at least 50 Hz, received 20 Hz; use a record with a higher rate'
    """

    def __init__(self, expected: str, received: str, remedy: str):
        self.expected, self.received, self.remedy = expected, received, remedy
        super().__init__(" ".join(f"expected {expected}, received {received}; {remedy}".split()))

    def __reduce__(self):
        return type(self), (self.expected, self.received, self.remedy)
