-- A database and a role for each service, for psql; run again it changes nothing but passwords that were made anew.
-- The role of a service reads and writes rows of its own database and does nothing else. `crosswalk_owner` owns the tables:
-- migrations and the operator's commands run as it. `monitor` sees the server's figures.
-- Passwords are files in the folder $SECRETS.
\set ON_ERROR_STOP on
\set owner_password `cat "$SECRETS/password_crosswalk_owner"`
\set monitor_password `cat "$SECRETS/password_monitor"`

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['crosswalk_owner', 'monitor', 'people', 'agreements', 'referrals', 'notifications', 'audit']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('ALTER ROLE crosswalk_owner PASSWORD %L', :'owner_password') \gexec
SELECT format('ALTER ROLE monitor PASSWORD %L', :'monitor_password') \gexec
SELECT 'GRANT pg_monitor TO monitor' WHERE NOT pg_has_role('monitor', 'pg_monitor', 'MEMBER') \gexec

\set service people
\ir service.sql
\set service agreements
\ir service.sql
\set service referrals
\ir service.sql
\set service notifications
\ir service.sql
\set service audit
\ir service.sql
