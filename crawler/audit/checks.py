"""Every check, the worst first, and in words for who owns the site."""

from crawler.audit.checks_grave import GRAVE
from crawler.audit.checks_mild import MILD

CHECKS = (*GRAVE, *MILD)
