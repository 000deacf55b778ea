"""What goes wrong."""


class FlexitiMockError(RuntimeError):
    """The mock did not start, does not answer, or refused a call; the message says why."""


class VerificationError(AssertionError):
    """The requests were not as expected; the message has those that come closest."""
