"""What the template says to people, and what its mapping templates write as it came. Rules yield their breaches."""

from collections.abc import Iterator

import regex

from tests.template.api_rules import mapping_templates
from tests.template.declared import Stack

OUTPUTS = {
    *("ApiUrl", "SubmitCommand", "Authorization"),
    *("RequestsTableName", "CountersTableName", "JournalTableName", "ProcessorFunctionName", "SweeperFunctionName"),
    *("FailureQueueUrl", "TicketUrl"),
}
CONSTRAINTS = ({"AllowedValues"}, {"AllowedPattern", "ConstraintDescription"}, {"MinValue", "MaxValue"})

PARENTHESES = r"(?<parentheses>\((?:[^()]|(?&parentheses))*\))"
ESCAPED = regex.compile(r"\$util\.escapeJavaScript" + PARENTHESES + r"""\.replaceAll\("\\\\'", "'"\)""")
DIRECTIVE = regex.compile(r"#(?:set|if|elseif|foreach)" + PARENTHESES)
HEADER = regex.compile(r"#set\(\$context\.responseOverride\.header\.[\w-]+ = (?<value>[^\n]*?)\)(?=\n|#end)")
REFERENCE = regex.compile(r"\$!?\{?(?<name>[A-Za-z][\w.-]*\w)")

# What the mapping templates may write as it is. Everything else is escaped.
RAW = {
    "stageVariables.requestsTable": "the template's own",
    "stageVariables.countersTable": "the template's own",
    "context.requestTimeEpoch": "API Gateway's clock",
    "reserve": "a literal",
    "status": "a literal of error_response, or the item's status, which only this stack writes",
    "title": "a literal",
    "detail": "a literal",
    "item.number.N": "a number of DynamoDB",
    "item.completedAt.N": "a number of DynamoDB",
    "item.receivedAt.N": "a number of DynamoDB",
    "ttl": "a number of DynamoDB",
    "item.min.N": "a number of DynamoDB",
    "item.max.N": "a number of DynamoDB",
    "number": "computed from numbers of DynamoDB",
    "value": "computed from numbers of DynamoDB, or null",
    "count": "a number of DynamoDB, or 0",
    "start": "a number of DynamoDB, or 1",
    "increment": "a number of DynamoDB, or 1",
    "cycle": "true or false",
    "key": "percent-encoded: nothing but letters, digits and -_.*+% is left of it",
    "period": "computed from API Gateway's clock",
    "before": "computed from API Gateway's clock",
    "after": "computed from API Gateway's clock",
    "cost": "a number, computed",
    "room": "a number, computed",
    "item.result.S": "JSON: the processor's strict serialiser wrote it",
}
RAW_IN_SUBMIT = {
    "requestId": "submit_response escapes it beforehand, because it needs it twice",
    "context.path": "PUT /requests has no path parameter: nothing in its path is the caller's",
}
# A header is no JSON, and HTTP's framing cannot carry a line break that would end it.
RAW_IN_HEADERS = {
    "stageVariables.corsOrigin": "the template's own",
    "context.path": "the path as the caller wrote it, percent-encoding and all, is what Location wants",
    "context.requestId": "the caller may have chosen it, and is the only one to see it",
}
# Gateway responses know no function that would escape. Nothing but the caller's own answer can suffer.
RAW_IN_GATEWAY_RESPONSES = {
    "context.requestId": "the caller may have chosen it, and is the only one to see it",
    "context.error.messageString": "API Gateway's text, in quotes and escaped by API Gateway",
}


def every_parameter_is_explained_and_bounded(stack: Stack) -> Iterator[str]:
    """A stack can be deployed without an answer to any question, and a wrong answer is refused before it is."""
    for name, parameter in stack.source["Parameters"].items():
        for key in ("Description", "Default"):
            if key not in parameter:
                yield f"{name} has no {key}"
        if not any(keys <= parameter.keys() for keys in CONSTRAINTS):
            yield f"{name} takes any value"


def every_output_is_there_and_explained(stack: Stack) -> Iterator[str]:
    """The tool, the demo and people find a stack by these."""
    outputs = stack.source.get("Outputs", {})
    for missing in sorted(OUTPUTS - outputs.keys()):
        yield f"the output {missing} is missing"
    for name, output in outputs.items():
        if not output.get("Description"):
            yield f"the output {name} has no Description"


def callers_text_is_escaped(stack: Stack) -> Iterator[str]:
    """Nothing is written as it came, in quotes or out of them, unless RAW says why it may be."""
    for name, text in mapping_templates(stack):
        for reference in written_raw(text):
            elsewhere = reference in RAW_IN_SUBMIT and not name.startswith("PUT /requests,")
            if elsewhere or reference not in RAW | RAW_IN_SUBMIT:
                yield f"{name} writes ${reference} as it came"
    for kind, look in stack.definition["x-amazon-apigateway-gateway-responses"].items():
        for text in look["responseTemplates"].values():
            for reference in written_raw(text):
                if reference not in RAW_IN_GATEWAY_RESPONSES:
                    yield f"{kind} writes ${reference} as it came"


def headers_hold_known_text(stack: Stack) -> Iterator[str]:
    """A header takes a literal, or what RAW_IN_HEADERS says why it may."""
    for name, text in mapping_templates(stack):
        for header in HEADER.finditer(text):
            for reference in REFERENCE.finditer(header["value"]):
                if reference["name"] not in RAW_IN_HEADERS:
                    yield f"{name} writes ${reference['name']} into a header"


def nothing_raw_is_forgotten(stack: Stack) -> Iterator[str]:
    """The lists of exceptions hold no exception that is gone."""
    used = {reference for _, text in mapping_templates(stack) for reference in written_raw(text)}
    for stale in sorted((RAW | RAW_IN_SUBMIT).keys() - used):
        yield f"no mapping template writes ${stale} any more"


def written_raw(text: str) -> set[str]:
    """The references whose values become part of a template's output unescaped."""
    output = DIRECTIVE.sub("", ESCAPED.sub("", text))
    return {found["name"] for found in REFERENCE.finditer(output)}


RULES = (
    every_parameter_is_explained_and_bounded,
    every_output_is_there_and_explained,
    callers_text_is_escaped,
    headers_hold_known_text,
    nothing_raw_is_forgotten,
)
