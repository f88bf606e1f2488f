"""Proton's serializer, and lookups of the resources that a request names."""

from __future__ import annotations

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.account import ProtonService, Template
from unisync.emulator._state.repository import Repository
from unisync.emulator.errors import AwsError
from unisync.emulator.services.git_sync_serializer import GitSyncSerializer
from unisync.emulator.services.request import OperationRequest

PROVIDERS = {"GitHub": "GITHUB", "GitHubEnterpriseServer": "GITHUB_ENTERPRISE", "Bitbucket": "BITBUCKET"}
"""Proton's values for the providers."""

NOT_FOUND = "ResourceNotFoundException"
INVALID = "ValidationException"
"""The error for a missing resource of operations that do not declare ResourceNotFoundException."""


def write_repository(repository: Repository) -> Document:
    """The fields that identify a repository."""
    return {
        "repositoryName": repository.full_name,
        "repositoryProvider": PROVIDERS[repository.provider],
    }


SERIALIZER = GitSyncSerializer(rename=str, repository=write_repository)


def repository_arn(request: OperationRequest, repository: Repository) -> str:
    """The ARN of a registered repository."""
    provider = PROVIDERS[repository.provider].lower()
    return request.account.arn("proton", f"repository/{provider}:{repository.full_name}")


def repository_key(name: str, provider: str) -> tuple[str, str]:
    """The key of a repository in `AccountState.repositories`, from its name and Proton's value for its provider."""
    return name, next(each for each, value in PROVIDERS.items() if value == provider)


def find_repository(
    request: OperationRequest,
    error_code: str = NOT_FOUND,
    params: tuple[str, str] = ("repositoryName", "repositoryProvider"),
) -> Repository:
    """The registered repository that two parameters name. `error_code` is the error if there is none."""
    name, provider = (request.params[param] for param in params)
    repository = request.account.repositories.get(repository_key(name, provider))
    if repository is None:
        raise AwsError(error_code, f"Repository {name} not found.")
    return repository


def find_service(request: OperationRequest, error_code: str = NOT_FOUND) -> ProtonService:
    """The service that the parameters name. `error_code` is the error if there is none."""
    service = request.account.services.get(request.params["serviceName"])
    if service is None:
        raise AwsError(error_code, f"Service {request.params['serviceName']} not found.")
    return service


def find_template(request: OperationRequest, error_code: str = NOT_FOUND) -> Template:
    """The template that the parameters name. `error_code` is the error if there is none."""
    template = request.account.templates.get((request.params["templateName"], request.params["templateType"]))
    if template is None:
        raise AwsError(error_code, f"Template {request.params['templateName']} not found.")
    return template
