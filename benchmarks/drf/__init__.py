"""What a team would write instead: Django REST framework as its manual leads to, on the same tables.

Serializers, generic views, `select_related` and `prefetch_related` where they help, no query in a loop, persistent
connections, JSON only, no session or template machinery, stateless tokens. It has no tenancy behind its queries, no
idempotency, no request log and no metrics, all of which the service has while it is measured beside it.
"""
