"""Every function, and every error of one."""

from pathlib import Path

import pytest

from gapless.local.template import TemplateError
from tests.local.template.files import load_text, load_value

BEFORE = """
Parameters:
  Name: {Type: String, Default: blue}
  Count: {Type: Number, Default: 5}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Flag: {Type: String, Default: "true"}
Mappings:
  Sizes: {eu-west-1: {small: 1, large: [8, 16]}}
Conditions:
  IsBlue: !Equals [!Ref Name, blue]
  IsFive: !Equals [!Ref Count, "5"]
  IsFlag: !Equals [!Ref Flag, true]
  Neither: !Not [!Or [!Condition IsBlue, Condition: IsFive]]
  Both: !And [!Condition IsBlue, !Condition IsFlag]
  SameList: !Equals [!Ref Zones, [a, b, c]]
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Named: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Name}-table"}}
  Queue: {Type: AWS::SQS::Queue}
  Dead: {Type: AWS::SQS::Queue, Condition: Neither}
  Worker: {Type: AWS::Serverless::Function, Properties: {FunctionName: worker}}
  Bucket: {Type: AWS::S3::Bucket}
  Role: {Type: AWS::IAM::Role}
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1}}
  Thing: {Type: AWS::IoT::Thing}
"""
ARN = "arn:aws:{}:eu-west-1:111122223333:{}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!Ref Name", "blue"),
        ("{Ref: Name}", "blue"),
        ("!Ref Count", 5),
        ("!Ref Zones", ["a", "b", "c"]),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "111122223333"),
        ("!Ref AWS::StackName", "stack"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::StackId", ARN.format("cloudformation", "stack/stack/local")),
        ("!Ref Table", "stack-Table"),
        ("!Ref Named", "blue-table"),
        ("!Ref Queue", "http://127.0.0.1:1/111122223333/stack-Queue"),
        ("!Ref Worker", "worker"),
        ("!Ref Bucket", "stack-Bucket"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::stack-Bucket"),
        ("!Ref Role", "stack-Role"),
        ("!Ref Api", "local"),
        ("!Ref Api.Stage", "v1"),
        ("!Ref Worker.Alias", ARN.format("lambda", "function:worker")),
        ("!Ref Thing", "stack-Thing"),
        ("!GetAtt Table.Arn", ARN.format("dynamodb", "table/stack-Table")),
        ("!GetAtt [Table, StreamArn]", ARN.format("dynamodb", "table/stack-Table/stream/local")),
        ("{Fn::GetAtt: [Queue, Arn]}", ARN.format("sqs", "stack-Queue")),
        ("!GetAtt Queue.QueueName", "stack-Queue"),
        ("!GetAtt Worker.Arn", ARN.format("lambda", "function:worker")),
        ("!GetAtt WorkerRole.Arn", "arn:aws:iam::111122223333:role/stack-WorkerRole"),
        ("!GetAtt WorkerUrl.FunctionUrl", "https://stack-workerurl.lambda-url.eu-west-1.on.aws/"),
        ("!Ref ApiApiKey", "stack-ApiApiKey"),
        ("!GetAtt Role.Arn", "arn:aws:iam::111122223333:role/stack-Role"),
        (
            '!Sub "${Name}/${!Name}/${Queue.Arn}/${AWS::Region}/${Count}"',
            f"blue/${{Name}}/{ARN.format('sqs', 'stack-Queue')}/eu-west-1/5",
        ),
        ('!Sub ["${a}-${Name}", {a: !Ref Count}]', "5-blue"),
        ('!Sub ["${Name}", {Name: own}]', "own"),
        ('{Fn::Sub: "${Api.Stage}"}', None),
        ('!Join ["-", [a, !Ref Count, true]]', "a-5-true"),
        ('!Join [",", !Ref Zones]', "a,b,c"),
        ('!Split ["|", "a|b|"]', ["a", "b", ""]),
        ("!Select [1, !Ref Zones]", "b"),
        ('!Select ["0", !Split ["/", !Ref Named]]', "blue-table"),
        ("!FindInMap [Sizes, !Ref AWS::Region, small]", 1),
        ("!FindInMap [Sizes, eu-west-1, large]", [8, 16]),
        ("!Base64 plain", "cGxhaW4="),
        ('!GetAZs ""', ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ("!If [IsBlue, yes it is, !Ref Nothing]", "yes it is"),
        ("!If [Neither, 1, !If [Both, [2], 3]]", [2]),
        ("!If [IsFive, a, b]", "a"),
        ("!If [SameList, a, b]", "a"),
        ("{Fn::Length: !Ref Zones}", 3),
        ("{Fn::ToJsonString: {a: !Ref Count, b: [true]}}", '{"a":5,"b":[true]}'),
        ("{a: !Ref AWS::NoValue, b: 1}", {"b": 1}),
        ("[1, !If [Neither, 2, !Ref AWS::NoValue], 3]", [1, 3]),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
        ("2012-10-17", "2012-10-17"),
        ("{200: !Ref Name}", {"200": "blue"}),
    ],
)
def test_what_a_value_gives(tmp_path: Path, value: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(TemplateError, match="attribute Stage of Api"):
            load_value(tmp_path, value, BEFORE)
    else:
        assert load_value(tmp_path, value, BEFORE) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "!Ref Missing",
            "Outputs.Value.Value: there is no parameter or resource Missing; the resources are: Api, Bucket, Dead",
        ),
        ("!Ref Dead", "Outputs.Value.Value: Dead is not in this stack, because its condition Neither is false"),
        ("!GetAtt Dead.Arn", "Dead is not in this stack"),
        (
            "!GetAtt Table.Nope",
            r"Nope of Table \(AWS::DynamoDB::Table\) is not supported on the local stack; supported: Arn, StreamArn",
        ),
        ("!GetAtt Thing.Arn", r"Arn of Thing \(AWS::IoT::Thing\) is not supported on the local stack; supported: none"),
        ("!GetAtt Table", "Fn::GetAtt: it takes a list of 2"),
        ("!Ref Worker.Wheel", "part Wheel of Worker"),
        ('!Sub "${Nope}"', "Value.Fn::Sub: there is no parameter or resource Nope"),
        ('!Sub "${Zones}"', "Fn::Sub: text is needed here, not \\['a', 'b', 'c'\\]"),
        ('!Sub ["${a}", [a]]', "the second part of Fn::Sub is a mapping"),
        ("!If [Nope, 1, 2]", "Fn::If: there is no condition Nope; the conditions are: Both, IsBlue"),
        ("!If [IsBlue, 1]", "Fn::If: it takes a list of 3"),
        ("!Select [3, !Ref Zones]", "Fn::Select: there is no item 3 in a list of 3"),
        ("!Select [x, !Ref Zones]", "there is no item x"),
        ("!Select [0, abc]", "a list is needed here, not 'abc'"),
        ("!FindInMap [Sizes, us-east-1, small]", "Fn::FindInMap: the Mappings have no Sizes.us-east-1$"),
        ("!ImportValue other", "Fn::ImportValue is not supported on the local stack; use a parameter"),
        ("{Fn::ForEach: x}", "Fn::ForEach is not supported on the local stack"),
        ("{Ref: Name, b: 1}", r"Outputs.Value.Value: Ref must be the only key here, and there are also \['b'\]"),
        ("{a: [0, {b: !Ref Nope}]}", r"Outputs.Value.Value.a\[1\].b: there is no parameter or resource Nope"),
        ("!Join [1, !Ref AWS::NoValue]", "Fn::Join: a list is needed here"),
        ('!Join ["", [!Ref AWS::NoValue]]', None),
    ],
)
def test_errors_name_the_place(tmp_path: Path, value: str, problem: str | None) -> None:
    if problem is None:  # a part without a value is left out
        assert load_value(tmp_path, value, BEFORE) == ""
        return
    with pytest.raises(TemplateError, match=problem):
        load_value(tmp_path, value, BEFORE)


@pytest.mark.parametrize(
    ("conditions", "problem"),
    [
        ("{A: !Not [!Condition B], B: !Not [!Condition A]}", "Conditions.A: it is defined by itself"),
        ("{A: !Equals [1]}", "Conditions.A.Fn::Equals: it takes a list of 2"),
        ("{A: !And [!Equals [1, 1]]}", "Conditions.A.Fn::And: it takes a list of 2 to 10"),
        ("{A: true}", "Conditions.A: a condition is one of Fn::Equals, Fn::Not"),
        ("{A: !Or [!Condition Nope, !Equals [1, 1]]}", "there is no condition Nope"),
    ],
)
def test_conditions_that_make_no_sense(tmp_path: Path, conditions: str, problem: str) -> None:
    with pytest.raises(TemplateError, match=problem):
        load_text(tmp_path, f"Conditions: {conditions}")


def test_a_resource_that_names_itself(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="TableName: it is defined by itself"):
        load_text(tmp_path, "Resources: {T: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref T}}}")
