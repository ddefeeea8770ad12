-- Hosts that hold URLs back by their pause: counted from the index alone, which has no others.

DROP INDEX hosts_paused;
CREATE INDEX hosts_paused ON hosts (paused_until, ready) WHERE paused_until > 0 AND ready > 0 AND halted = 0;
