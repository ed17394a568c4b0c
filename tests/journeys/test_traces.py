"""Traces: what came of one click is one trace, through all processes."""

from tests.journeys.actors import Actors
from tests.journeys.system import until
from tests.journeys.test_main_job import a_child
from tests.support.collector import Collector, Span

POSTED = "POST /referrals/api/v1/referrals"
WAY = {
    Span("crosswalk-web", "SERVER", POSTED),
    Span("crosswalk-workers", "PRODUCER", "publish referral.sent.v1"),
    Span("crosswalk-workers", "CONSUMER", "hear referral.sent.v1"),
    Span("crosswalk-workers", "CLIENT", "send e-mail"),
    Span("crosswalk-workers", "PRODUCER", "publish message.sent.v1"),
    Span("crosswalk-workers", "CONSUMER", "hear message.sent.v1"),
}


async def test_one_trace_leads_from_the_page_through_the_outbox_and_kafka_to_the_e_mail(
    actors: Actors, collector: Collector
) -> None:
    child = a_child("es", 35)

    referral = await actors.refer(child, "arts", "City Choir")
    await actors.wait_mail(actors.address_of("City Choir"), about=referral)

    async def whole() -> bool:
        return any(spans >= WAY for spans in collector.of(POSTED))

    await until(whole, "a trace from the page to the e-mail")
