"""The parts of a string: words, and what every string keeps because it is public: AWS's types, regions, dates."""

from __future__ import annotations

import re

_VOCABULARY = """
a accessdenied account action allowed allows already alreadyexists an and another any applying are as assume at
attempt attempted authorized available aws back based be because been before being besides blocker blockers branch but
by can cancelled cannot cfn change changed changes clone cloned cloudformation com commit commits complete completed
component condition config configuration configurations conflict connection connections constraint correct could
create created creating creation credential credentials currently default delete deleted deleting denied dependency
deploy deployed deploying deployment detected did directory disabled disabling do does doesn don drift during empty
enabled ensure entity environment error errors event exceeded exceeds execution exist existing exists expected expired
explicit failed failure file find follow followed following for found from generalserviceexception git github gitlab
handled handler handlererrorcode has have https id identity important in include initialize initiated initiating input
instance insufficient internal internalfailure invalid invalidrequest is it its job latest length limit limits link
load made major make malformed match maximum member message metadata minimum minor missing model modified must name
named networkfailure no not notfound nothing notstabilized notupdatable null number of on one only operation or order
other out over overwrite parameter parameters parse pattern perform performed permission permissions please policy
principal process processing progress proton provider pull push pushed quota rate read reason reference references
regular rejected reports repository request requested requesttoken required resolved resource resourceconflict
resources retry retrying returned revision role roll rollback s satisfied satisfy schema scoped security see sent
service serviceinternalerror servicelimitexceeded servicesync set signature since size some something source spec
stack stackset stacksync started starting state status still stop succeeded success summary support supported sync
synced syncing syncs t tag target template templates than that the there this throttled throttling time timed timeout
to token too type unable unauthorized unauthorizedtaggingoperation undefined unexpected unknown unresolved unsupported
until up updatable update updated updates updating use used user using valid validate validation value values version
was we were while with within workspace would write you your
"""
VOCABULARY = frozenset(_VOCABULARY.split())
"""Words of AWS's sentences, as people report them. They stay, unless they are the whole of a name on the tape."""

_SERVICES = """
cloudformation codeconnections codestar codestar-connections dynamodb iam iotsitewise iottwinmaker kms lambda proton
s3 sns sqs sts
"""
SERVICES = frozenset(_SERVICES.split())
"""The services that an ARN may show."""
_RESOURCE_TYPES = """
assumed-role component-type connection entity environment environment-template host key repository repository-link
role service service-instance service-template stack sync-configuration sync-job user workspace
"""
RESOURCE_TYPES = frozenset(_RESOURCE_TYPES.split())
"""The types of resources that an ARN may show."""
CONSTANTS = frozenset({"SITEWISE", "https", "http"})
"""Names that AWS gives."""

_REGION = (
    r"(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso[a-z]?)?"
    r"-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d"
)
_HEX = r"[0-9a-fA-F]"
_DATE = (
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]{3,4} \d{4}"
)
WORD = r"(?:[^\W_]|[^\x00-\x7f])+"
"""Letters and digits, and whatever is not ASCII."""


EDGES = r"(?<![^\W_])(?:{})(?![^\W_])"
"""A pattern between two characters of other kinds."""
_TYPE = "AWS::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*|Fn::[A-Za-z]+"
_ARN = r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]*:[^\s,;<>()]+"
_UUID = f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"

PUBLIC = "|".join(
    f"(?P<{name}>{EDGES.format(pattern)})" for name, pattern in (("date", _DATE), ("region", _REGION), ("type", _TYPE))
)
"""What is kept in texts."""
TOKEN = f"(?P<arn>{EDGES.format(_ARN)})|(?P<uuid>{EDGES.format(_UUID)})|{PUBLIC}|(?P<word>{WORD})"
"""A part of a string. What lies between two of them is punctuation, and stays."""

IS_DATE, IS_REGION = re.compile(_DATE), re.compile(_REGION)
_SHA = re.compile(r"[0-9a-f]{7,64}")


def is_sha(word: str) -> bool:
    """Whether a word looks like a commit, or the beginning of one."""
    is_hex = _SHA.fullmatch(word) is not None
    return is_hex and (len(word) in (40, 64) or not (word.isalpha() or word.isdigit()))
