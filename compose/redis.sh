# Each process has a login of its own, with the keys that it needs; without a login nothing is answered.
# The API counts calls and hands over work. Worker and converter take work from their own queue. What belongs to one
# piece of work lies under arq:, which both write.
set -eu
umask 077
may='resetchannels -@all +@read +@write +@connection +@transaction -@dangerous -scan -randomkey +info'
cat >/tmp/users.acl <<END
user default off
user learning_app on >$REDIS_APP_PASSWORD $may +eval +time ~limit:* ~learning:* ~arq:job:* ~arq:result:*
user learning_jobs on >$REDIS_JOBS_PASSWORD $may ~learning:* ~arq:*
user learning_conversion on >$REDIS_CONVERSION_PASSWORD $may ~learning:converter ~learning:converter:* ~arq:*
END
unset REDIS_APP_PASSWORD REDIS_JOBS_PASSWORD REDIS_CONVERSION_PASSWORD
exec valkey-server --aclfile /tmp/users.acl "$@"
