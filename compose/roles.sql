-- Run once, by the superuser, when the database is made. learning_owner migrates. API, worker and converter have a
-- login each, which by itself may do nothing: transactions assume learning_api or learning_worker, and the API's
-- login can only be the first, so that it never sees more than one organization.
\getenv owner_password LEARNING_OWNER_PASSWORD
\getenv app_password LEARNING_APP_PASSWORD
\getenv jobs_password LEARNING_JOBS_PASSWORD
\getenv conversion_password LEARNING_CONVERSION_PASSWORD
CREATE ROLE learning_api NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
CREATE ROLE learning_worker NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
CREATE ROLE learning_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE learning_app LOGIN NOINHERIT PASSWORD :'app_password';
CREATE ROLE learning_jobs LOGIN NOINHERIT PASSWORD :'jobs_password';
CREATE ROLE learning_conversion LOGIN NOINHERIT PASSWORD :'conversion_password';
GRANT learning_api, learning_worker TO learning_owner WITH ADMIN OPTION;
GRANT learning_api TO learning_app;
GRANT learning_api, learning_worker TO learning_jobs, learning_conversion;
ALTER DATABASE learning OWNER TO learning_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE learning FROM PUBLIC;
GRANT CONNECT ON DATABASE learning TO learning_app, learning_jobs, learning_conversion;
