"""The day before: a guarding company in Munich, its sites and people, and what they laid down."""

from domain.access import (
    ApiKeyIssued,
    Role,
    UserEmailChanged,
    UserEnrolled,
    key_stream,
    user_stream,
)
from domain.anomaly.facts import (
    Metric,
    ThresholdReason,
    ThresholdTuned,
    TuningCompleted,
    TuningRequested,
    Unchanged,
    threshold_stream,
    tuning_stream,
)
from domain.directory.device import DeviceKind, DeviceRegistered, device_stream
from domain.directory.person import PersonEnrolled, person_stream
from domain.directory.shift import ShiftPlanned, ShiftRole, shift_stream
from domain.directory.site import SiteRegistered, site_stream
from domain.directory.task import TaskAssigned, task_stream
from domain.directory.tenant import TENANT_STREAM, TenantFounded
from domain.directory.tour import Checkpoint, TourDefined, tour_stream
from domain.muting.facts import (
    MaintenancePlanned,
    Matcher,
    SilenceStarted,
    Weekday,
    maintenance_stream,
    silence_stream,
)
from domain.operations import VerificationPassed, VerificationRequested, verification_stream
from interfaces.http.examples.story import Story, moment, named

ADMINISTRATOR, SUPERVISOR = "user:admin", "user:supervisor"
SCHEDULE = "system:schedule"
ZONE = "Europe/Berlin"
KEY_ID = "d58a1c99e64b"
MAINTENANCE, SILENCE = named("maintenance"), named("silence")
TUNING, VERIFICATION = named("tuning"), named("verification")


def tell_day(story: Story) -> None:
    """Tell what was laid down before the night."""
    tell_access(story)
    tell_directory(story)
    tell_duties(story)
    tell_tuning(story)
    tell_muting(story)
    tell_verification(story)


def tell_access(story: Story) -> None:
    at = "2026-11-02 07:30:00"
    story.tell(at, TENANT_STREAM, "system:cli", TenantFounded(name="Isar Guards", time_zone=ZONE))
    for username, name, role in (
        ("operator", "Max Huber", Role.OPERATOR),
        ("supervisor", "Dora Lang", Role.SUPERVISOR),
    ):
        enrolled = UserEnrolled(username=username, name=name, roles=(role,))
        story.tell(at, user_stream(username), ADMINISTRATOR, enrolled)
        email = UserEmailChanged(email=f"{username}@example.org")
        story.tell(at, user_stream(username), ADMINISTRATOR, email)
    key = ApiKeyIssued(
        key_id=KEY_ID,
        name="Gate readers",
        roles=(Role.INTEGRATOR,),
        expires_at=moment("2027-11-02 00:00:00"),
        site_scope=("S-01",),
    )
    story.tell(at, key_stream(KEY_ID), ADMINISTRATOR, key)


def tell_directory(story: Story) -> None:
    at = "2026-11-02 08:00:00"
    for site_id, name, latitude, longitude in (
        ("S-01", "North Gate", 48.1771, 11.5562),
        ("S-02", "Isar Depot", 48.1082, 11.5689),
    ):
        site = SiteRegistered(
            site_id=site_id,
            name=name,
            latitude=latitude,
            longitude=longitude,
            geofence_radius_m=150.0,
            time_zone=ZONE,
            security_manager="supervisor",
        )
        story.tell(at, site_stream(site_id), ADMINISTRATOR, site)
    for number, name, site_id in (("007", "Ada Marsh", "S-01"), ("012", "Jonas Beck", "S-02")):
        person = PersonEnrolled(
            person_id=f"G-{number}", name=name, phone=f"+49 89 99998 {number}", site_id=site_id
        )
        story.tell(at, person_stream(person.person_id), ADMINISTRATOR, person)
        device = DeviceRegistered(
            device_id=f"D-{number}",
            kind=DeviceKind.PHONE,
            person_id=person.person_id,
            site_id=site_id,
        )
        story.tell(at, device_stream(device.device_id), ADMINISTRATOR, device)


def tell_duties(story: Story) -> None:
    at = "2026-11-20 09:00:00"
    tour = TourDefined(
        tour_id="T-night",
        site_id="S-02",
        name="Night round",
        checkpoints=(
            Checkpoint("C-1", "North door", 5),
            Checkpoint("C-2", "Boiler room", 20, 48.1084, 11.5693),
        ),
        starts=("23:00", "02:00"),
        grace_minutes=10,
    )
    story.tell(at, tour_stream(tour.tour_id), SUPERVISOR, tour)
    for person_id, site_id in (("G-007", "S-01"), ("G-012", "S-02")):
        shift = ShiftPlanned(
            shift_id=f"SH-1122-{site_id}",
            site_id=site_id,
            role=ShiftRole.GUARD,
            person_id=person_id,
            starts_at=moment("2026-11-22 21:00:00"),
            ends_at=moment("2026-11-23 05:00:00"),
        )
        story.tell(at, shift_stream(shift.shift_id), SUPERVISOR, shift)
    task = TaskAssigned(
        task_id="K-0815",
        site_id="S-01",
        name="Lock the yard",
        due_at=moment("2026-11-22 22:00:00"),
        person_id="G-007",
    )
    story.tell(at, task_stream(task.task_id), SUPERVISOR, task)


def tell_tuning(story: Story) -> None:
    """Tell of a weekly tuning: too many false alarms about positions, so they take more from now on."""
    until = moment("2026-11-22 02:00:00")
    asked = story.tell(
        "2026-11-22 02:00:00",
        tuning_stream(TUNING),
        SCHEDULE,
        TuningRequested(tuning_id=TUNING, until=until, days=30),
    )
    tuned = ThresholdTuned(
        family=Metric.GEOFENCE_DISTANCE,
        threshold=4.0,
        previous=3.0,
        reason=ThresholdReason.FALSE_POSITIVES,
        verdicts=34,
        false_positives=13,
        left_out=3,
        rate=0.38,
        since=moment("2026-10-23 02:00:00"),
        until=until,
        expires_at=moment("2026-12-20 02:00:00"),
        tuning_id=TUNING,
    )
    stream = threshold_stream(tuned.family)
    story.tell("2026-11-22 02:00:01", stream, "system:tuner", tuned, asked)
    completed = TuningCompleted(
        tuning_id=TUNING,
        changed=(tuned.family,),
        unchanged=(Unchanged(Metric.PHONE_INTERACTIONS, "6 verdicts are too few; 20 are wanted"),),
    )
    story.tell("2026-11-22 02:00:01", tuning_stream(TUNING), "system:tuner", completed, asked)


def tell_muting(story: Story) -> None:
    """Tell of work on the readers on Sundays to come, and of a silence for this very night."""
    plan = MaintenancePlanned(
        window_id=MAINTENANCE,
        site_id="S-01",
        kinds=("alert:tamper", "finding:SILENT_DEVICE"),
        weekdays=(Weekday.SUNDAY,),
        starts_at="01:30",
        duration_minutes=120,
        first_day="2026-11-29",
        last_day="2027-03-31",
        reason="The readers get new firmware.",
    )
    story.tell("2026-11-22 15:10:00", maintenance_stream(MAINTENANCE), SUPERVISOR, plan)
    silence = SilenceStarted(
        silence_id=SILENCE,
        matcher=Matcher(site_id="S-02", kinds=("finding:MISSED_CHECKPOINT",)),
        starts_at=moment("2026-11-22 21:00:00"),
        ends_at=moment("2026-11-23 05:00:00"),
        reason="The boiler room is locked for repairs.",
    )
    story.tell("2026-11-22 15:12:00", silence_stream(SILENCE), SUPERVISOR, silence)


def tell_verification(story: Story) -> None:
    at, stream = "2026-11-22 18:00:00", verification_stream(VERIFICATION)
    asked = story.tell(at, stream, SUPERVISOR, VerificationRequested())
    passed = VerificationPassed(
        up_to=asked, hash="9f86d081884c7d659a2feaa0c55ad015" * 2, events=asked
    )
    story.tell("2026-11-22 18:00:02", stream, "system:verifier", passed, asked)
