"""How Proton writes, and how it finds what a request names."""

from __future__ import annotations

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.repository import Repository
from unisync.emulator._state.world import ProtonService, Template
from unisync.emulator.errors import AwsError
from unisync.emulator.services.git_shapes import Wording
from unisync.emulator.services.request import Asked

PROVIDERS = {"GitHub": "GITHUB", "GitHubEnterpriseServer": "GITHUB_ENTERPRISE", "Bitbucket": "BITBUCKET"}
"""Proton's words for the providers."""

NOT_FOUND = "ResourceNotFoundException"
INVALID = "ValidationException"
"""What an operation says of a thing that is not there, if it has no better error for it."""


def write_repository(repository: Repository) -> Document:
    """Which repository is meant."""
    return {
        "repositoryName": repository.full_name,
        "repositoryProvider": PROVIDERS[repository.provider],
    }


WORDS = Wording(rename=str, repository=write_repository)


def repository_key(name: str, provider: str) -> tuple[str, str]:
    """Where a world keeps a repository that Proton knows by this name and this word for its provider."""
    return name, next(each for each, word in PROVIDERS.items() if word == provider)


def find_repository(
    asked: Asked, otherwise: str = NOT_FOUND, members: tuple[str, str] = ("repositoryName", "repositoryProvider")
) -> Repository:
    """The registered repository that two of the parameters name; the error `otherwise` if there is none."""
    name, provider = (asked.params[member] for member in members)
    repository = asked.world.repositories.get(repository_key(name, provider))
    if repository is None:
        raise AwsError(otherwise, f"Repository {name} not found.")
    return repository


def find_service(asked: Asked, otherwise: str = NOT_FOUND) -> ProtonService:
    """The service that the parameters name; the error `otherwise` if there is none."""
    service = asked.world.services.get(asked.params["serviceName"])
    if service is None:
        raise AwsError(otherwise, f"Service {asked.params['serviceName']} not found.")
    return service


def find_template(asked: Asked, otherwise: str = NOT_FOUND) -> Template:
    """The template that the parameters name; the error `otherwise` if there is none."""
    template = asked.world.templates.get((asked.params["templateName"], asked.params["templateType"]))
    if template is None:
        raise AwsError(otherwise, f"Template {asked.params['templateName']} not found.")
    return template
