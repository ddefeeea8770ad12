-- Requisites among the URLs: kinds 2 and 3.

CREATE INDEX urls_requisites ON urls (host_id, priority, id) WHERE state = 0 AND kind >= 2;
