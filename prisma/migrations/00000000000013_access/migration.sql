-- The audit may not be rewritten by anybody, retention included: a function of its own, without the exception that
-- `refuse_rewrite` makes for events.
CREATE FUNCTION refuse_audit_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER audit_entry_append_only ON audit_entry;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_rewrite();

-- Who revoked a key. A configured key that gave way to another value of its variable may come back with its value; one
-- that a person revoked may not.
ALTER TABLE api_key ADD COLUMN revoked_by text;
UPDATE api_key SET revoked_by = coalesce(
    (SELECT actor FROM audit_entry
      WHERE action = 'api-key.revoked' AND target = 'api-key:' || api_key.prefix ORDER BY id DESC LIMIT 1),
    'system')
  WHERE revoked_at IS NOT NULL;
