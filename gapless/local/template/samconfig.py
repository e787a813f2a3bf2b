"""The parameters that samconfig.toml gives an environment."""

import shlex
import tomllib
from pathlib import Path

from gapless.local.template.errors import Node, TemplateError

OLD_FORM = "ParameterKey="  # ParameterKey=Name,ParameterValue=Value


def samconfig_parameters(path: Path, environment: str) -> dict[str, str]:
    """Parameter name -> text, from `[ENVIRONMENT.deploy.parameters] parameter_overrides`.

    Takes the forms that SAM takes: one string `A=1 B="two words"`, a list of such, or a table.
    Raises TemplateError when the file or the environment is missing, or an override is not `Name=Value`.
    """
    try:
        with path.open("rb") as file:
            config = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TemplateError(f"cannot read {path}: {error}") from error
    if not isinstance(config.get(environment), dict):
        known = ", ".join(name for name, section in config.items() if isinstance(section, dict)) or "none"
        raise TemplateError(f"{path} has no environment {environment}; it has: {known}")
    parameters = config[environment].get("deploy", {}).get("parameters", {})
    return _overrides(parameters.get("parameter_overrides", ""), f"{path}, {environment}")


def _overrides(given: Node, place: str) -> dict[str, str]:
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items()}
    words = shlex.split(given) if isinstance(given, str) else [word for one in given for word in shlex.split(one)]
    return dict(_override(word, place) for word in words)


def _override(word: str, place: str) -> tuple[str, str]:
    if word.startswith(OLD_FORM):
        word = word.removeprefix(OLD_FORM).replace(",ParameterValue=", "=", 1)
    name, equals, value = word.partition("=")
    if not equals or not name:
        raise TemplateError(f"{place}: the parameter override {word!r} is not of the form Name=Value")
    return name, value
