"""KMS: the master keys. It gives data keys, and unwraps them for whoever may use the master key with that context."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import calling
from chalicelib.domain.errors import KeyUnavailable, MachineryError


class Kms:
    """The keys of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def make(self, key: str, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """GenerateDataKey. One whose reply was lost is nobody's: another is made."""
        with _asking("GenerateDataKey"):
            answer = self._clients.kms.generate_data_key(
                KeyId=key, KeySpec="AES_256", EncryptionContext=context
            )
        return bytes(answer["Plaintext"]), bytes(answer["CiphertextBlob"])

    def unwrap(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Decrypt, by that master key and no other."""
        with _asking("Decrypt"):
            answer = self._clients.kms.decrypt(KeyId=key, CiphertextBlob=wrapped, EncryptionContext=context)
        return bytes(answer["Plaintext"])


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Whatever KMS says no for, or does not answer: the key cannot be used now."""
    try:
        with calling(what):
            yield
    except MachineryError as error:
        raise KeyUnavailable(str(error)) from error
