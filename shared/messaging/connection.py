"""How brokers are reached: the one place that makes the arguments of every Kafka client."""

import ssl
from typing import Any

from shared.settings import ServiceSettings


def client_arguments(settings: ServiceSettings) -> dict[str, Any]:
    """What producers, consumers and admin clients of aiokafka are made with.

    Files are read for each client, so that a renewed certificate or password is used from the next connection on.
    Raises `OSError` where one cannot be read.
    """
    protocol = settings.kafka_security_protocol
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": protocol,
    }
    if protocol.endswith("SSL"):
        arguments["ssl_context"] = _tls(settings)
    if protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username.replace("{service}", settings.service),
            "sasl_plain_password": _password(settings),
        }
    return arguments


def _tls(settings: ServiceSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer; the broker's certificate must be vouched for and name the host."""
    context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.kafka_cert_file is not None:
        context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
    return context


def _password(settings: ServiceSettings) -> str:
    if settings.kafka_password_file is not None:
        return settings.kafka_password_file.read_text().strip()
    assert settings.kafka_password is not None
    return settings.kafka_password.get_secret_value()
