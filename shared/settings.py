"""Settings that every service has: read from the environment (`CROSSWALK_...`), checked at start."""

from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What a service must know to run. A service's own class names the service and adds its own fields."""

    model_config = SettingsConfigDict(
        # What was refused may be a password.
        env_prefix="CROSSWALK_",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    service: str
    """Which service this is; also its consumer group and the name of its database."""

    data_dir: Path = Path("data")
    """Folder for keys and uploads."""

    database_url: str = "postgresql://postgres@127.0.0.1/{service}"
    """PostgreSQL; `{service}` is replaced by the service's name, so that one value serves all five."""

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    """Where the brokers are, comma-separated."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to speak to the brokers: with TLS (`SSL`), as a user (`SASL`), or both."""

    kafka_ca_file: FilePath | None = None
    """Certificates (PEM) that vouch for the brokers; None: those that the system trusts."""

    kafka_cert_file: FilePath | None = None
    """Our own certificate (PEM), where the brokers ask for one."""

    kafka_key_file: FilePath | None = None
    """Its private key (PEM); None: it is in the same file."""

    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the user shows that it knows its password. PLAIN tells it, so it needs TLS."""

    kafka_username: str = "{service}"
    """User at the brokers; `{service}` is replaced by the service's name."""

    kafka_principal: str = Field(default="User:{user}", pattern=r"\{user\}")
    """What brokers call a user in their lists of rights, for the operator's commands; `{user}`: a service's name."""

    kafka_password: SecretStr | None = None
    """Its password."""

    kafka_password_file: FilePath | None = None
    """File with the password instead; read for each connection, so that a new one needs no restart."""

    kafka_idempotent: bool = True
    """Idempotent producer; the embedded broker of one machine does not know it."""

    kafka_partitions: int = Field(default=4, ge=1)
    """Partitions of a topic when it is made."""

    kafka_replication: int = Field(default=1, ge=1)
    """Copies of a topic when it is made."""

    kafka_fetch_wait_ms: int = Field(default=500, ge=1)
    """How long a broker may hold back an empty answer."""

    kafka_wakes: bool = True
    """Whether the broker answers a waiting fetch as soon as records come; the embedded one does not."""

    publish_linger_s: float = Field(default=0, ge=0)
    """How long to let facts gather in the outbox before they are published."""

    kafka_linger_s: float = Field(default=0, ge=0)
    """How long to let records gather before they are asked for, where the broker wakes nobody."""

    kafka_session_timeout_ms: int = Field(default=30_000, ge=1000)
    """After how long without a sign a consumer is dead; the embedded broker lets a new one wait half of it."""

    stall_flag_s: float = Field(default=30, gt=0)
    """Seconds after which a consumer that has work and does not move is flagged."""

    stall_rebuild_s: float = Field(default=60, gt=0)
    """Seconds after which it is made anew."""

    monitor_port: int | None = Field(default=None, ge=0, le=65535)
    """Port of /livez, /readyz and /metrics of each process of `crosswalk serve`; 0: any free one, said in the log."""

    monitor_host: str = "127.0.0.1"
    """Address that the monitor port listens on; what it tells is for operators, not for the public."""

    otlp_endpoint: str = ""
    """Collector that takes spans by OTLP over HTTP, such as `http://127.0.0.1:4318`; empty: none are made."""

    notify: bool = True
    """Wake relays and jobs by LISTEN/NOTIFY; without it they only poll and are slower, never wrong."""

    outbox_retention_days: int = Field(default=14, ge=1)
    """How long published events are kept, to be published again to a new cluster."""

    public_url: str = "http://127.0.0.1:8000"
    """Address that people use; links in messages start with it."""

    smtp_host: str = "127.0.0.1"
    """Mail server."""

    smtp_port: int = 1025
    """Its port."""

    smtp_tls: str = Field(default="none", pattern="^(none|starttls|tls)$")
    """`none`, `starttls` or `tls`."""

    smtp_username: str | None = None
    """Account at the mail server, if it asks for one."""

    smtp_password: str | None = None
    """Its password."""

    mail_from: str = "Crosswalk <crosswalk@example.org>"
    """Sender of all mail."""

    meetings_address: str | None = None
    """Where calendars send the answers to invitations; None: `meetings` at the sender's domain."""

    time_zone: str = "America/New_York"
    """The district's time zone (IANA)."""

    holidays: Annotated[tuple[date, ...], NoDecode] = ()
    """Days without business in the district, as ISO dates separated by commas."""

    district_name: str = "Crosswalk district"
    """Name of the district, shown on pages and in messages."""

    @field_validator("holidays", mode="before")
    @classmethod
    def _dates(cls, value: object) -> object:
        return tuple(d.strip() for d in value.split(",") if d.strip()) if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is no time zone; use a name such as America/New_York") from None
        return value

    @model_validator(mode="after")
    def _lets_us_in(self) -> Self:
        if not self.kafka_security_protocol.startswith("SASL"):
            return self
        if (self.kafka_password is None) == (self.kafka_password_file is None):
            raise ValueError(
                f"{self.kafka_security_protocol} needs either CROSSWALK_KAFKA_PASSWORD_FILE or CROSSWALK_KAFKA_PASSWORD"
            )
        if self.kafka_sasl_mechanism == "PLAIN" and self.kafka_security_protocol != "SASL_SSL":
            raise ValueError("PLAIN would send the password for all to read; set the security protocol to SASL_SSL")
        return self

    @property
    def dsn(self) -> str:
        """The database of this service, as `postgresql://...`."""
        return self.database_url.replace("{service}", self.service)

    @property
    def answers_to(self) -> str:
        """The address that answers to invitations go to."""
        domain = parseaddr(self.mail_from)[1].rpartition("@")[2]
        return self.meetings_address or f"meetings@{domain}"

    @property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def keys_dir(self) -> Path:
        """Folder of the signing keys."""
        return self.data_dir / "keys"
