"""All mutations."""

from tests.mutations import (
    machinery,
    requisites,
    robots_and_urls,
    sitemaps_and_sites,
    texts,
    trying,
)

MUTATIONS = [
    *robots_and_urls.MUTATIONS,
    *machinery.MUTATIONS,
    *sitemaps_and_sites.MUTATIONS,
    *trying.MUTATIONS,
    *requisites.MUTATIONS,
    *texts.MUTATIONS,
]
