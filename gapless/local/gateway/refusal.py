"""API Gateway's own refusals: their types, and what each says when nobody has customised it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """status: unless customised; error_type: the x-amzn-ErrorType header; message: unless there is a more exact one."""

    status: int
    error_type: str
    message: str


KINDS = {
    "ACCESS_DENIED": Kind(403, "AccessDeniedException", "User is not authorized to access this resource"),
    "API_CONFIGURATION_ERROR": Kind(500, "InternalServerErrorException", "Internal server error"),
    "AUTHORIZER_CONFIGURATION_ERROR": Kind(500, "AuthorizerConfigurationException", "Internal server error"),
    "AUTHORIZER_FAILURE": Kind(500, "AuthorizerFailureException", "Internal server error"),
    "BAD_REQUEST_BODY": Kind(400, "BadRequestException", "Invalid request body"),
    "BAD_REQUEST_PARAMETERS": Kind(400, "BadRequestException", "Missing required request parameters"),
    "DEFAULT_4XX": Kind(400, "BadRequestException", "Bad Request"),
    "DEFAULT_5XX": Kind(500, "InternalServerErrorException", "Internal server error"),
    "EXPIRED_TOKEN": Kind(403, "ExpiredTokenException", "The security token included in the request is expired"),
    "INTEGRATION_FAILURE": Kind(504, "InternalServerErrorException", "Network error communicating with endpoint"),
    "INTEGRATION_TIMEOUT": Kind(504, "InternalServerErrorException", "Endpoint request timed out"),
    "INVALID_API_KEY": Kind(403, "ForbiddenException", "Forbidden"),
    "INVALID_SIGNATURE": Kind(403, "InvalidSignatureException", "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": Kind(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    "QUOTA_EXCEEDED": Kind(429, "LimitExceededException", "Limit Exceeded"),
    "REQUEST_TOO_LARGE": Kind(413, "RequestTooLargeException", "Request Too Long"),
    "RESOURCE_NOT_FOUND": Kind(404, "ResourceNotFoundException", "Not Found"),
    "THROTTLED": Kind(429, "TooManyRequestsException", "Too Many Requests"),
    "UNAUTHORIZED": Kind(401, "UnauthorizedException", "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "BadRequestException", "Unsupported Media Type"),
    "WAF_FILTERED": Kind(403, "ForbiddenException", "Forbidden"),
}


class Refusal(Exception):
    """The gateway itself answers, instead of the integration."""

    def __init__(
        self, type: str, message: str | None = None, *, error_type: str | None = None, detail: str = ""
    ) -> None:
        """type: one of KINDS; message, error_type: where they differ from the type's own; detail: validation errors."""
        kind = KINDS[type]
        self.type = type
        self.status = kind.status
        self.message = message or kind.message
        self.error_type = error_type or kind.error_type
        self.detail = detail
        super().__init__(f"{type}: {self.message}")
