"""Resources, parameters, Globals, includes and the text itself."""

from pathlib import Path

import pytest

from gapless.local.template import TemplateError, load, samconfig_parameters
from tests.local.template.files import load_text, load_value


def test_resources_are_resolved_and_those_with_a_false_condition_left_out(tmp_path: Path) -> None:
    template = load_text(
        tmp_path,
        """
        Parameters: {Size: {Type: Number, Default: 10}, Extra: {Type: String, Default: "no"}}
        Conditions: {HasExtra: !Equals [!Ref Extra, "yes"]}
        Resources:
          Queue: {Type: AWS::SQS::Queue, DependsOn: Table, Properties: {DelaySeconds: !Ref Size}}
          Table: {Type: AWS::DynamoDB::Table}
          More: {Type: AWS::SQS::Queue, Condition: HasExtra}
        Outputs:
          Url: {Value: !Ref Queue}
          More: {Condition: HasExtra, Value: !Ref More}
        """,
        Size="7",
    )
    assert list(template.resources) == ["Queue", "Table"]
    queue = template.resources["Queue"]
    assert (queue.properties, queue.physical_id) == ({"DelaySeconds": 7}, "stack-Queue")
    assert template.outputs == {"Url": "http://127.0.0.1:1/111122223333/stack-Queue"}
    assert template.parameters == {"Size": 7, "Extra": "no"}
    assert template.of_type("AWS::DynamoDB::Table") == [template.resources["Table"]]


def test_globals_are_merged_as_sam_does(tmp_path: Path) -> None:
    template = load_text(
        tmp_path,
        """
        Globals:
          Function:
            Timeout: 3
            Runtime: python3.13
            Layers: [base]
            Environment: {Variables: {A: shared, B: shared}}
            Role: !Sub "${AWS::StackName}-role"
          Api: {TracingEnabled: true}
        Resources:
          Worker:
            Type: AWS::Serverless::Function
            Properties: {Timeout: 60, Layers: [own], Environment: {Variables: {B: own}}, Role: !Ref AWS::Region}
          Idle: {Type: AWS::Serverless::Function}
          Plain: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}
          Api: {Type: AWS::Serverless::Api}
        """,
    )
    assert template.resources["Worker"].properties == {
        "Timeout": 60,
        "Runtime": "python3.13",
        "Layers": ["base", "own"],
        "Environment": {"Variables": {"A": "shared", "B": "own"}},
        "Role": "eu-west-1",
    }
    assert template.resources["Idle"].properties["Role"] == "stack-role"
    assert template.resources["Plain"].properties == {"Timeout": 1}
    assert template.resources["Api"].properties == {"TracingEnabled": True}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Globals: {Functions: {Timeout: 3}}", "Globals.Functions: SAM has no such section; it has: Api, Function"),
        ("Resources: {A: {Properties: {}}}", "Resources.A: a resource needs a Type"),
        ("Resources: [a]", "a template is a mapping with a Resources section"),
        ("Outputs: {A: {Description: none}}", "Outputs.A: an output needs a Value"),
        ("a: 1\na: 2", "template.yaml, line 2, column 1: the key 'a' stands here for the second time"),
        ("? [a]\n: 1", "template.yaml, line 1, column 3: a key must be text"),
        ("a: [1,\nb: 2}", r"template.yaml, line 2, column \d: .*expected ',' or '\]'"),
        ("a: 1", "the section a is not supported on the local stack"),
        ("Metadata: !Nope {b: 1}", None),
        ("A: !Ref {b: &x 1}\nB: *y", "template.yaml, line 2, column 4: found undefined alias"),
        ("a: \x01", "template.yaml: unacceptable character"),
        (
            "Outputs: {A: {Value: {Fn::Transform: {Name: Mine}}}}",
            "Outputs.A.Value: macros other than AWS::Include are not supported",
        ),
    ],
)
def test_text_that_is_no_template(tmp_path: Path, text: str, problem: str | None) -> None:
    if problem is None:  # a tag in a section that nobody reads harms nobody
        load_text(tmp_path, text)
        return
    with pytest.raises(TemplateError, match=problem):
        load_text(tmp_path, text)


def test_a_missing_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"cannot read .*nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml", {}, stack_name="s", region="r", account="a")


class TestParameters:
    DECLARED = """
    Parameters:
      Text:
        {Type: String, Default: abc, AllowedPattern: "[a-z]+", MinLength: 2, MaxLength: 5, ConstraintDescription: 2-5}
      Number: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10.5}
      Choice: {Type: Number, Default: 1, AllowedValues: [1, 2]}
      Flag: {Type: String, Default: true, AllowedValues: [true, "false"]}
      Secret: {Type: String, NoEcho: true, Default: none, AllowedValues: [none, hidden]}
      Numbers: {Type: List<Number>, Default: "1,2.5"}
    """

    def test_defaults_and_types(self, tmp_path: Path) -> None:
        assert load_text(tmp_path, self.DECLARED, Number="2.5").parameters == {
            **{"Text": "abc", "Number": 2.5, "Choice": 1, "Flag": "true", "Secret": "none", "Numbers": [1, 2.5]}
        }

    @pytest.mark.parametrize(
        ("name", "value"),
        [("Text", "ab"), ("Text", "abcde"), ("Number", "1"), ("Number", "10.5"), ("Secret", "hidden")],
    )
    def test_the_bounds_themselves_are_allowed(self, tmp_path: Path, name: str, value: str) -> None:
        assert str(load_text(tmp_path, self.DECLARED, **{name: value}).parameters[name]) == value

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("Text", "ABC", r"Parameters.Text: 'ABC' does not match \[a-z\]\+ \(2-5\)"),
            ("Text", "abc\n", "does not match"),
            ("Text", "a", "'a' is less than 2 characters"),
            ("Text", "abcdef", "is more than 5 characters"),
            ("Number", "many", "'many' is not a number"),
            ("Number", "0", "'0' is less than 1$"),
            ("Number", "11", "'11' is more than 10.5$"),
            ("Choice", "3", "'3' is not one of 1, 2$"),
            ("Flag", "maybe", "is not one of true, false"),
            ("Secret", "s3cret", "Parameters.Secret: the value is not one of"),
            ("Numbers", "1,x", "'x' is not a number"),
            ("Typo", "1", "the template has no parameter Typo; it has: Choice, Flag, Number, Numbers, Secret, Text"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, name: str, value: str, problem: str) -> None:
        with pytest.raises(TemplateError, match=problem):
            load_text(tmp_path, self.DECLARED, **{name: value})

    @pytest.mark.parametrize(
        ("declared", "problem"),
        [
            ("{A: {Type: String}}", "Parameters.A: no value was given and it has no Default; give A a value"),
            ("{A: {Default: 1}}", "Parameters.A: a parameter needs a Type"),
            (
                "{A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}",
                "nothing is looked up in Parameter Store",
            ),
        ],
    )
    def test_what_cannot_be_known(self, tmp_path: Path, declared: str, problem: str) -> None:
        with pytest.raises(TemplateError, match=problem):
            load_text(tmp_path, f"Parameters: {declared}")

    def test_a_value_for_an_ssm_parameter_is_taken_as_it_is(self, tmp_path: Path) -> None:
        declared = "Parameters: {A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}"
        assert load_value(tmp_path, "!Ref A", declared, A="b") == "b"


class TestInclude:
    INCLUDE = "{{Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {}}}}}}}"

    def test_a_snippet_replaces_the_transform(self, tmp_path: Path) -> None:
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "a.yaml").write_text(
            "application/json: |\n  #if($a)\n  {}\n  #end\nb: {Ref: AWS::Region}\n"
        )
        value = load_value(tmp_path, self.INCLUDE.format("parts/a.yaml"))
        assert value == {"application/json": "#if($a)\n{}\n#end\n", "b": "eu-west-1"}

    def test_a_snippet_joins_the_keys_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("b: 2")
        include = self.INCLUDE.format("a.yaml").removeprefix("{")
        assert load_value(tmp_path, "{a: 1, " + include) == {"a": 1, "b": 2}

    def test_a_list_can_be_included(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("[1, 2]")
        assert load_value(tmp_path, self.INCLUDE.format("a.yaml")) == [1, 2]

    @pytest.mark.parametrize(
        ("snippet", "location", "problem"),
        [
            (None, "nowhere.yaml", "Outputs.Value.Value: AWS::Include names nowhere.yaml, and there is no such file"),
            (None, "s3://bucket/a.yaml", "must be a path relative to the template, not 's3://bucket/a.yaml'"),
            (None, "!Ref AWS::Region", "must be a path relative to the template"),
            ("a: [", "a.yaml", r"a\.yaml, line \d, column \d: "),
            (
                "a: !Ref b",
                "a.yaml",
                r"a\.yaml, line 1, column 4: an included file has no short tags: write !Ref in its long form",
            ),
            (INCLUDE.format("a.yaml"), "a.yaml", "a.yaml includes itself"),
        ],
    )
    def test_what_cannot_be_included(self, tmp_path: Path, snippet: str | None, location: str, problem: str) -> None:
        if snippet is not None:
            (tmp_path / "a.yaml").write_text(snippet)
        with pytest.raises(TemplateError, match=problem):
            load_value(tmp_path, self.INCLUDE.format(location))

    def test_text_cannot_join_keys(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("just text")
        include = self.INCLUDE.format("a.yaml").removeprefix("{")
        with pytest.raises(TemplateError, match="beside other keys, so it must be a mapping"):
            load_value(tmp_path, "{a: 1, " + include)


class TestSamconfig:
    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            ('"A=1 B=\\"two words\\" C=x=y D="', {"A": "1", "B": "two words", "C": "x=y", "D": ""}),
            ('["A=1", "B=2 C=3"]', {"A": "1", "B": "2", "C": "3"}),
            ('"ParameterKey=A,ParameterValue=1 B=2"', {"A": "1", "B": "2"}),
            ('{A = 1, B = "b"}', {"A": "1", "B": "b"}),
            ('""', {}),
        ],
    )
    def test_the_forms_of_overrides(self, tmp_path: Path, overrides: str, expected: dict[str, str]) -> None:
        path = tmp_path / "samconfig.toml"
        path.write_text(
            f"version = 0.1\n[local.deploy.parameters]\nparameter_overrides = {overrides}\n[default.deploy]\n"
        )
        assert samconfig_parameters(path, "local") == expected
        assert samconfig_parameters(path, "default") == {}

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (None, "cannot read"),
            ("a = \n", r"cannot read .*line 1"),
            ("[default]\n[prod]", "has no environment local; it has: default, prod"),
            (
                '[local.deploy.parameters]\nparameter_overrides = "A"',
                "local: the parameter override 'A' is not of the form Name=Value",
            ),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, text: str | None, problem: str) -> None:
        path = tmp_path / "samconfig.toml"
        if text is not None:
            path.write_text(text)
        with pytest.raises(TemplateError, match=problem):
            samconfig_parameters(path, "local")


def test_anchors_and_merged_keys(tmp_path: Path) -> None:
    before = "Mappings: {A: {B: {c: &shared {x: 1, y: 1}}}}"
    assert load_value(tmp_path, "{<<: *shared, y: 2}", before) == {"x": 1, "y": 2}


def test_json_is_a_template_too(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(
        '{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "AWS::Region"}}}}}'
    )
    template = load(path, {}, stack_name="s", region="here", account="a")
    assert template.resources["Q"].physical_id == "here"
