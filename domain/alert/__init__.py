"""Alert: something that an operator must look at, the evidence it stands on, and the verdict."""

from domain.alert.facts import AlertAcknowledged as AlertAcknowledged
from domain.alert.facts import AlertAssigned as AlertAssigned
from domain.alert.facts import AlertCommented as AlertCommented
from domain.alert.facts import AlertEvent as AlertEvent
from domain.alert.facts import AlertEvidenceDropped as AlertEvidenceDropped
from domain.alert.facts import AlertEvidenceRevised as AlertEvidenceRevised
from domain.alert.facts import AlertKind as AlertKind
from domain.alert.facts import AlertRaised as AlertRaised
from domain.alert.facts import AlertReopened as AlertReopened
from domain.alert.facts import AlertRepeated as AlertRepeated
from domain.alert.facts import AlertResolved as AlertResolved
from domain.alert.facts import AlertWithdrawn as AlertWithdrawn
from domain.alert.facts import DedupKey as DedupKey
from domain.alert.facts import Score as Score
from domain.alert.facts import Verdict as Verdict
from domain.alert.wishes import AcknowledgeAlert as AcknowledgeAlert
from domain.alert.wishes import AlertCommand as AlertCommand
from domain.alert.wishes import AssignAlert as AssignAlert
from domain.alert.wishes import CommentAlert as CommentAlert
from domain.alert.wishes import DropEvidence as DropEvidence
from domain.alert.wishes import RaiseAlert as RaiseAlert
from domain.alert.wishes import ReopenAlert as ReopenAlert
from domain.alert.wishes import RepeatAlert as RepeatAlert
from domain.alert.wishes import ResolveAlert as ResolveAlert
