"""Whether a crawl fetches requisites; nothing of them is loaded where it does not."""

from typing import TYPE_CHECKING

from crawler.model.plan import Plan
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import LinkResolver

if TYPE_CHECKING:
    from crawler.pipeline.requisites import RequisiteLinks


def requisites_of(
    plan: Plan, admission: Admission, resolver: LinkResolver
) -> "RequisiteLinks | None":
    """Return what makes links of requisites; None where the crawl fetches none."""
    if not plan.requisites:
        return None
    from crawler.pipeline.requisites import RequisiteLinks

    return RequisiteLinks(plan, admission, resolver)
