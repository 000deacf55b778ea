"""A local stand-in for the Flexiti Online API, started from Python tests.

With pytest, ask for the fixture `flexiti_merchant`. Without it:

    with FlexitiMock.start() as mock:
        merchant = mock.merchant(lang="fr")
"""

from .errors import FlexitiMockError, VerificationError
from .merchant import Merchant
from .locate import program
from .server import FlexitiMock

__all__ = ["FlexitiMock", "FlexitiMockError", "Merchant", "VerificationError", "program"]
