"""An Apache Kafka that lets nobody in without TLS and a password, and nobody do what no list allows."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.acls import OPERATOR, USERS
from deploy.broker import free_port
from deploy.kafka import jars
from deploy.kafka.server import KafkaServer
from tests.support.kafka import QUICK_JAVA

__all__ = ["secured"]

DOOR, MUTUAL = "SECURED", "MUTUAL"
"""One asks for a password, the other for a certificate."""
ADMIN = "admin"
STRANGER = "stranger"


@dataclass(frozen=True)
class Secured:
    """Where it is, and what its users are let in with."""

    address: str
    mutual: str
    folder: Path

    def entry(self, user: str, **changes: Any) -> dict[str, Any]:
        """The settings with which a user comes."""
        entry = {
            "kafka_bootstrap_servers": self.address,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_ca_file": self.folder / "ca.pem",
            "kafka_username": user,
            "kafka_password_file": self.folder / user,
        }
        return entry | changes

    def environment(self, user: str, **changes: Any) -> dict[str, str]:
        """The same as variables."""
        return {f"CROSSWALK_{name.upper()}": str(value) for name, value in self.entry(user, **changes).items()}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A fresh one, whose users have a password and no right; `admin` may do everything."""
    if lacks := jars.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Apache Kafka needs {lacks}")
    folder, doors = tmp_path_factory.mktemp("secured"), {DOOR: free_port(), MUTUAL: free_port()}
    _certificates(folder)
    users = [*USERS, OPERATOR, ADMIN, STRANGER]
    for user in users:
        (folder / user).write_text(f"{user}-password\n")
    format = [
        word
        for user in users
        for word in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={user}-password]")
    ]  # fmt: skip
    server = KafkaServer(
        folder / "kafka", free_port(), settings=_settings(folder), java=QUICK_JAVA, format=format,
        proxies={door: (port, port) for door, port in doors.items()},
    )  # fmt: skip
    server.start()
    yield Secured(f"127.0.0.1:{doors[DOOR]}", f"127.0.0.1:{doors[MUTUAL]}", folder)
    server.stop()


def _settings(folder: Path) -> dict[str, str]:
    door, mutual = f"listener.name.{DOOR.lower()}", f"listener.name.{MUTUAL.lower()}"
    return {
        "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,{DOOR}:SASL_SSL,{MUTUAL}:SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        f"{mutual}.ssl.client.auth": "required",
        f"{door}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{door}.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The server itself comes by its own doors without a name.
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
    }


def _certificates(folder: Path) -> None:
    """Write the authority's certificate, and keys and certificates of the server and of a client."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("Test authority")
    authority = (
        _certificate(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    for who in ("server", "client"):
        own_key = ec.generate_private_key(ec.SECP256R1())
        own = (
            _certificate(_name(who), name, own_key)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        private = own_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{who}.pem").write_bytes(private + own.public_bytes(Encoding.PEM))


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)])
