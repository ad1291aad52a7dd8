"""The directory: the tenant and its sites, persons and devices, under the tenant's own names.

Every wish here states the whole wanted content. The decision answers with exactly what differs,
so that the same content, sent again every night by a tenant's own system, changes nothing.
"""
