# Each process has a key of its own; what it may do is in store-policy.json. Only the owner may do everything.
set -eu
umask 077
mkdir -p /tmp/accounts
account() {
  printf '"%s": {"access": "%s", "secret": "%s", "role": "user"}' "$1" "$1" "$2"
}
cat >/tmp/accounts/users.json <<END
{"accessAccounts": {
  $(account learning_app "$S3_APP_SECRET_KEY"),
  $(account learning_jobs "$S3_JOBS_SECRET_KEY"),
  $(account learning_conversion "$S3_CONVERSION_SECRET_KEY")
}}
END
export ROOT_ACCESS_KEY_ID=learning_owner ROOT_SECRET_ACCESS_KEY="$S3_OWNER_SECRET_KEY"
unset S3_OWNER_SECRET_KEY S3_APP_SECRET_KEY S3_JOBS_SECRET_KEY S3_CONVERSION_SECRET_KEY
exec versitygw --iam-dir /tmp/accounts "$@"
