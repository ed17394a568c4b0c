"""The main job through real processes: PostgreSQL, the Kafka protocol, SMTP, HTTP."""

import re

import pytest

from deploy.play import cast
from shared.translations import gettext, speaking
from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem, until

SENT = ("submitted", "consent_given", "sent")


def a_child(language: str, place: int) -> cast.Child:
    """A student whose family speaks a language and reads e-mail."""
    return [child for child in cast.children() if child.language == language][place]


@pytest.mark.parametrize("language", ["vi", "ar", "ht"])
async def test_the_family_hears_in_its_language_that_the_partner_takes_the_child(actors: Actors, language: str) -> None:
    child = a_child(language, 0)
    before = await actors.mailbox.newest(child.guardian_email)

    referral = await actors.refer(child, "health", "Teeth and Eyes")
    to_partner = await actors.wait_mail(actors.address_of("Teeth and Eyes"), about=referral)
    await actors.answer("Teeth and Eyes", referral, "acknowledge")
    await actors.answer("Teeth and Eyes", referral, "accept")

    with speaking(language):
        good_news = gettext("Good news: there is a place")
    letter = await actors.mailbox.wait(child.guardian_email, after=before, holding=re.escape(good_news))
    assert to_partner["language"] == "en"
    assert letter["language"] == language
    assert good_news != "Good news: there is a place"
    assert "Teeth" not in letter["text"]
    await actors.wait_logged(referral, *SENT, "acknowledged", "accepted")


async def test_nothing_about_the_child_stands_in_a_mail_to_a_partner_or_in_a_subject(actors: Actors) -> None:
    child = a_child("pt", 0)

    referral = await actors.refer(child, "food", "Weekend Backpack", words="Two brothers at home.")
    mail = await actors.wait_mail(actors.address_of("Weekend Backpack"), about=referral)

    for secret in (child.name, child.name.split()[0], child.guardian, "Two brothers"):
        assert secret not in mail["text"] + mail["html"] + mail["subject"]


async def test_a_declined_referral_goes_to_the_next_choice_by_itself(actors: Actors) -> None:
    child = a_child("kea", 0)

    referral = await actors.refer(child, "college_career", "First in the Family", "Paid Internships")
    await actors.answer("First in the Family", referral, "decline", reason="no_capacity")
    await actors.wait_mail(actors.address_of("Paid Internships"), about=referral)
    await actors.answer("Paid Internships", referral, "accept")

    await actors.wait_logged(referral, *SENT, "declined", "sent", "acknowledged", "accepted")


async def test_without_a_next_choice_a_declined_referral_comes_back_to_the_school(actors: Actors) -> None:
    child = a_child("so", 0)

    referral = await actors.refer(child, "arts", "City Choir")
    await actors.answer("City Choir", referral, "decline", reason="not_eligible")

    await actors.wait_logged(referral, *SENT, "declined", "returned")
    staff = await actors.staff_of(child)
    today = await staff.get("/referrals/api/v1/today")
    assert ("returned", referral) in {(line["why"], line["referral"]["id"]) for line in today["items"]}


async def test_without_consent_the_family_is_asked_and_the_referral_goes_out_when_it_agrees(actors: Actors) -> None:
    child = a_child("zh-Hans", 4)
    before = await actors.mailbox.newest(child.guardian_email)

    referral = await actors.refer(child, "mental_health", "Quiet Mornings", agreed=False)
    letter = await actors.mailbox.wait(child.guardian_email, after=before, holding="/referrals/by-link/")
    await actors.wait_logged(referral, "submitted", "consent_requested")
    nobody_was_told = await actors.mails(actors.address_of("Quiet Mornings"), about=referral)
    token = re.findall(r"/referrals/by-link/([\w.-]+)", letter["text"])[0]
    guardian = actors.system.visitor()
    await guardian.post(f"/referrals/api/v1/by-link/{token}/moves", {"verb": "give_consent"})

    assert letter["language"] == "zh-Hans"
    assert nobody_was_told == []
    await actors.wait_mail(actors.address_of("Quiet Mornings"), about=referral)
    await actors.wait_logged(referral, "submitted", "consent_requested", "consent_given", "sent")


async def test_the_record_verifies(system: RunningSystem) -> None:
    checked = await system.run("audit", "verify")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"All [\d,]+ entries fit", checked.stdout)


async def test_the_demo_plays_to_its_end(system: RunningSystem) -> None:
    played = await system.run("demo")

    assert played.returncode == 0, played.stdout + played.stderr
    assert "mail to Héctor Vásquez, Español" in played.stdout
    assert "entries fit" in played.stdout


async def test_the_same_roster_again_changes_nothing_while_the_system_runs(system: RunningSystem) -> None:
    from deploy.demo_district import roster

    bundle = roster.write(system.home / "roster")

    imported = await system.run("roster", "import", str(bundle))

    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert "0 new, 0 changed, 0 no longer there" in imported.stdout


async def test_a_new_pupil_of_the_roster_can_be_referred_at_once(system: RunningSystem, actors: Actors) -> None:
    from deploy.demo_district import roster

    child = a_child("fr", 0)
    bundle = roster.write(system.home / "roster-delta")
    manifest = bundle / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("file.users,bulk", "file.users,delta"))
    users = (bundle / "users.csv").read_text().splitlines()
    changed = next(line for line in users if line.startswith(f"{child.source_id},"))
    pupil = changed.replace(child.source_id, "student-late").replace(child.name.split()[0], "Zébulon")
    pupil = pupil.replace(",,,true,", ",active,2026-11-21T00:00:00Z,true,", 1)
    (bundle / "users.csv").write_text("\n".join([users[0], pupil]) + "\n")

    imported = await system.run("roster", "import", str(bundle))
    staff = await actors.staff_of(child)

    async def found() -> bool:
        return bool((await staff.get("/referrals/api/v1/students", q="Zébulon"))["items"])

    assert imported.returncode == 0, imported.stdout + imported.stderr
    await until(found, "the pupil in the search")
