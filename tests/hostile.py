"""Text that has broken out of somewhere before: JSON, Velocity, DynamoDB's expressions, PartiQL, HTTP, a log."""

import random

TEXTS = (
    '"}, "status": {"S": "DONE"}, "x": {"S": "',
    '"}}, "TableName": "another", "ReturnValues": "ALL_OLD", "x": {"y": {"S": "',
    "it's \\' \\\\' \\\" \\",
    "$input.body $util.parseJson('{}') $stageVariables.requestsTable $context.identity.apiKey",
    "#set($context.responseOverride.status = 200)#stop",
    "#if(true)a#{else}b#end ${x}$!{y} ##c #*d*# #[[e]]#",
    "x) OR attribute_exists(requestId) OR (#request = :request",
    ":pending #status = :now REMOVE #counter ADD #value :one",
    "' OR '1'='1'; DELETE FROM \"requests\" WHERE \"requestId\"='a'--",
    '?, "status"=\'DONE\' WHERE "requestId"=? RETURNING ALL OLD *',
    "\\u0022\\u007d\\x22 %22%7D%2C%00%0d%0a%ff %2525 &quot; +",
    "a\x00b\x01c\x1b[2Jd\x7fe",
    "a\r\nx-amzn-RequestId: forged\r\n\r\nGET /v1/health HTTP/1.1",
    "../../counters/requests?counter=other&counter=#fragment;a=b",
    "\u2028\u2029\ufeff\u202e\u0085é名😀\U0010ffff",
    '{"S": {"$ne": null}, "__proto__": {"N": "1"}}',
    "q" * 400 + '"' + "\\" * 401,
)
PIECES = (
    *('"', "'", "\\", "\\'", '\\"', "{", "}", "[", "]", ":", ",", "$", "#", "${", "$!", "##", "]]#", "?", "--", ";"),
    *("#end", "#set($x=1)", "$input", "NULL", "\n", "\t", "\x00", "\x1f", "%", "%22", "\\u0000", "é", "😀", "a"),
)


def texts(rng: random.Random, count: int) -> list[str]:
    """TEXTS, and as many mixtures of PIECES as make it `count`."""
    mixed = ("".join(rng.choices(PIECES, k=rng.randrange(2, 12))) for _ in range(count - len(TEXTS)))
    return [*TEXTS, *(f"<{text}>" for text in mixed)]  # white space at its ends a header loses on its way
