"""All mutations."""

from tests.mutations import (
    admin,
    audit,
    bodies,
    callbacks,
    fields,
    guards,
    looking,
    machinery,
    reading_again,
    requisites,
    robots_and_urls,
    service,
    sitemaps_and_sites,
    texts,
    trying,
    visits,
)

MUTATIONS = [
    *service.MUTATIONS,
    *visits.MUTATIONS,
    *reading_again.MUTATIONS,
    *robots_and_urls.MUTATIONS,
    *machinery.MUTATIONS,
    *callbacks.MUTATIONS,
    *sitemaps_and_sites.MUTATIONS,
    *trying.MUTATIONS,
    *requisites.MUTATIONS,
    *texts.MUTATIONS,
    *fields.MUTATIONS,
    *bodies.MUTATIONS,
    *guards.MUTATIONS,
    *admin.MUTATIONS,
    *looking.MUTATIONS,
    *audit.MUTATIONS,
]
