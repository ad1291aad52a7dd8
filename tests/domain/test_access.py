"""Access: users, keys, roles and capabilities."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from domain.access import (
    API_KEY,
    CAPABILITIES,
    USER,
    ApiKeyIssued,
    ApiKeyIsTaken,
    ApiKeyRevoked,
    ApiKeyUnknown,
    BindUser,
    Capability,
    EnrolUser,
    IssueApiKey,
    ReinstateUser,
    ReleaseUser,
    RevokeApiKey,
    Role,
    SuspendUser,
    UserBound,
    UserEnrolled,
    UserReinstated,
    UserReleased,
    UserRenamed,
    UserRolesGranted,
    UserScopeLimited,
    UserSuspended,
    UserUnknown,
    capabilities_of,
    key_stream,
    user_stream,
)
from tests.given import given

enrolled = UserEnrolled(
    username="dora", name="Dora Maar", roles=(Role.OPERATOR, Role.SUPERVISOR), site_scope=("S-01",)
)
enrol = EnrolUser(
    username="dora",
    name="Dora Maar",
    roles=(Role.SUPERVISOR, Role.OPERATOR, Role.OPERATOR),
    site_scope=("S-01",),
)
suspended = UserSuspended(reason="Left the company")
suspend = SuspendUser(reason="Left the company")

issued = ApiKeyIssued(
    key_id="k1",
    name="Gate bridge",
    roles=(Role.INTEGRATOR,),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    site_scope=("S-01", "S-02"),
)
issue = IssueApiKey(
    key_id="k1",
    name="Gate bridge",
    roles=(Role.INTEGRATOR,),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    site_scope=("S-02", "S-01"),
)
revoked = ApiKeyRevoked(reason="Lost")
revoke = RevokeApiKey(reason="Lost")


def test_a_new_user_is_enrolled_with_each_role_once() -> None:
    given(USER).when(enrol).then(enrolled)


def test_another_order_of_roles_is_not_another_content() -> None:
    given(USER, enrolled).when(enrol).then()


def test_each_difference_of_a_user_is_a_fact_of_its_own() -> None:
    renamed = UserRenamed(name="Dora Markovic")
    granted = UserRolesGranted(roles=(Role.AUDITOR,))
    limited = UserScopeLimited(site_scope=None)
    given(USER, enrolled).when(replace(enrol, name="Dora Markovic")).then(renamed)
    given(USER, enrolled).when(replace(enrol, roles=(Role.AUDITOR,))).then(granted)
    given(USER, enrolled).when(replace(enrol, site_scope=None)).then(limited)
    wanted = EnrolUser(username="dora", name="Dora Markovic", roles=(Role.AUDITOR,))
    given(USER, enrolled).when(wanted).then(renamed, granted, limited)
    given(USER, enrolled, renamed, granted, limited).when(wanted).then()


def test_no_site_is_another_scope_than_every_site() -> None:
    given(USER, enrolled).when(replace(enrol, site_scope=())).then(UserScopeLimited(site_scope=()))


def test_a_user_is_suspended_and_reinstated() -> None:
    given(USER, enrolled).when(suspend).then(suspended)
    given(USER, enrolled, suspended).when(suspend).then()
    given(USER, enrolled, suspended).when(ReinstateUser()).then(UserReinstated())
    given(USER, enrolled).when(ReinstateUser()).then()
    given(USER, enrolled, suspended, UserReinstated()).when(suspend).then(suspended)


def test_enrolling_a_suspended_user_does_not_reinstate() -> None:
    given(USER, enrolled, suspended).when(enrol).then()


def test_a_user_is_one_person_at_a_time() -> None:
    bound, other = UserBound(person_id="G-1"), UserBound(person_id="G-2")
    given(USER, enrolled).when(BindUser(person_id="G-1")).then(bound)
    given(USER, enrolled, bound).when(BindUser(person_id="G-1")).then()
    given(USER, enrolled, bound).when(BindUser(person_id="G-2")).then(other)
    given(USER, enrolled, bound).when(ReleaseUser()).then(UserReleased())
    given(USER, enrolled, bound, UserReleased()).when(ReleaseUser()).then()
    given(USER, enrolled, suspended).when(BindUser(person_id="G-1")).then(bound)


def test_nobody_is_changed_who_was_not_enrolled() -> None:
    given(USER).when(BindUser(person_id="G-1")).refused(UserUnknown)
    given(USER).when(ReleaseUser()).refused(UserUnknown)
    given(USER).when(suspend).refused(UserUnknown)
    given(USER).when(ReinstateUser()).refused(UserUnknown)


def test_a_key_is_issued_once() -> None:
    given(API_KEY).when(issue).then(issued)
    given(API_KEY, issued).when(issue).then()


def test_an_id_of_a_key_is_never_given_twice() -> None:
    given(API_KEY, issued).when(replace(issue, name="Other")).refused(
        ApiKeyIsTaken, field="$.key_id"
    )
    given(API_KEY, issued, revoked).when(issue).refused(ApiKeyIsTaken, field="$.key_id")


def test_a_key_is_revoked_for_ever() -> None:
    given(API_KEY, issued).when(revoke).then(revoked)
    given(API_KEY, issued, revoked).when(revoke).then()
    given(API_KEY).when(revoke).refused(ApiKeyUnknown)


def test_an_auditor_only_reads_and_a_data_scientist_tunes_beside_it() -> None:
    may_more = {
        role: {one for one in CAPABILITIES[role] if not one.endswith(":view")}
        for role in (Role.AUDITOR, Role.DATA_SCIENTIST)
    }
    assert may_more == {
        Role.AUDITOR: set(),
        Role.DATA_SCIENTIST: {Capability.THRESHOLDS_MANAGE},
    }


def test_only_machines_and_administrators_push_signals() -> None:
    may = {role for role in Role if Capability.SIGNALS_WRITE in CAPABILITIES[role]}
    assert may == {Role.INTEGRATOR, Role.ADMINISTRATOR}


def test_only_an_administrator_manages_access_and_directory() -> None:
    for capability in (Capability.ACCESS_MANAGE, Capability.DIRECTORY_MANAGE):
        assert [role for role in Role if capability in CAPABILITIES[role]] == [Role.ADMINISTRATOR]


def test_roles_add_up() -> None:
    both = capabilities_of([Role.OPERATOR, Role.INTEGRATOR])
    assert both == CAPABILITIES[Role.OPERATOR] | CAPABILITIES[Role.INTEGRATOR]
    assert capabilities_of([]) == frozenset()


def test_streams_are_named_by_username_and_key() -> None:
    assert user_stream("dora") == "user-dora"
    assert key_stream("k1") == "key-k1"
