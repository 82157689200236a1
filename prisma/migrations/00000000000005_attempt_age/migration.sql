-- Attempts are forgotten some time after their event has left.
CREATE INDEX delivery_attempt_age ON delivery_attempt (at);
