"""Session tokens and message links."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import new_id, utc_now
from shared.events.vocabulary import RoleName
from shared.identity.keys import make_keys
from shared.identity.tokens import issue_token, read_link, read_token, sign_link
from shared.refusals import Kind, Refusal
from shared.settings import ServiceSettings
from tests.support.builders import an_actor


@pytest.fixture
def settings(data_dir: Path) -> ServiceSettings:
    return ServiceSettings(service="people", data_dir=data_dir)


def test_a_token_brings_the_person_and_the_roles_back(settings: ServiceSettings) -> None:
    actor, now = an_actor(RoleName.GUARDIAN, new_id(), language="ht"), utc_now()

    token = issue_token(settings, actor, now=now, expires_at=now + timedelta(hours=12))

    assert read_token(settings, token, now=now) == actor


def test_a_token_ends_with_its_time(settings: ServiceSettings) -> None:
    now = utc_now()
    token = issue_token(settings, an_actor(), now=now, expires_at=now + timedelta(hours=12))

    with pytest.raises(Refusal) as refused:
        read_token(settings, token, now=now + timedelta(hours=13))

    assert (refused.value.kind, refused.value.code) == (Kind.NOT_SIGNED_IN, "session_over")


def test_a_token_of_another_system_is_refused(settings: ServiceSettings, tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    foreign = ServiceSettings(service="people", data_dir=tmp_path)
    now = utc_now()
    token = issue_token(foreign, an_actor(), now=now, expires_at=now + timedelta(hours=1))

    with pytest.raises(Refusal) as refused:
        read_token(settings, token, now=now)

    assert refused.value.code == "session_invalid"


def test_a_message_link_is_no_session_and_a_session_no_link(settings: ServiceSettings) -> None:
    now = utc_now()
    link = sign_link(settings, person_id=new_id(), about_id=new_id(), role="guardian", expires_at=now)
    token = issue_token(settings, an_actor(), now=now, expires_at=now)

    for read, wrong in ((read_token, link), (read_link, token)):
        with pytest.raises(Refusal) as refused:
            read(settings, wrong, now=now)
        assert refused.value.code in {"session_invalid", "link_invalid"}


def test_a_link_that_is_too_old_says_so(settings: ServiceSettings) -> None:
    now = utc_now()
    link = sign_link(settings, person_id=new_id(), about_id=new_id(), role="guardian", expires_at=now)

    with pytest.raises(Refusal) as refused:
        read_link(settings, link, now=now + timedelta(seconds=1))

    assert (refused.value.kind, refused.value.code) == (Kind.GONE, "link_expired")


def test_a_link_acts_only_for_the_one_thing_it_is_about(settings: ServiceSettings) -> None:
    now, about, student = utc_now(), new_id(), new_id()
    link = sign_link(settings, person_id=new_id(), about_id=about, role="guardian", expires_at=now + timedelta(days=14))

    actor = read_link(settings, link, now=now).actor(student)

    assert actor.only == about
    assert actor.student_ids == {student}


def test_keys_that_are_there_stay(tmp_path: Path) -> None:
    make_keys(tmp_path)
    before = (tmp_path / "session.pem").read_bytes()

    make_keys(tmp_path)

    assert (tmp_path / "session.pem").read_bytes() == before
    assert (tmp_path / "session.pem").stat().st_mode & 0o077 == 0
