-- The part of databases.sql that is done for each :service.
\getenv secrets SECRETS
\set password_file :secrets /password_ :service
\setenv PASSWORD_FILE :password_file
\set password `cat "$PASSWORD_FILE"`
SELECT format('ALTER ROLE %I PASSWORD %L', :'service', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER crosswalk_owner', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec

REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
-- The roster's import sorts in temporary tables.
GRANT CONNECT, TEMPORARY ON DATABASE :"service" TO :"service";
GRANT CONNECT ON DATABASE :"service" TO monitor;
\connect :"service"
SET ROLE crosswalk_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"service";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"service";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"service";
RESET ROLE;
