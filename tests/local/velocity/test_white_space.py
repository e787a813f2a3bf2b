"""What white space directives take with them (Velocity 1.7)."""

import pytest

from tests.local.velocity.rendering import render

CASES = [
    ("a directive's closing parenthesis takes blanks and the line break", "#if(true)  \na\n#end\nb", "a\nb"),
    ("only one line break is taken", "#if(true)\n\na#end", "\na"),
    ("blanks without a line break stay", "#if(true)  a#end  b", "  a  b"),
    ("#end takes the line break after it", "#if(true)a#end  \nb", "ab"),
    ("#else takes the line break after it", "#if(false)a#else  \nb#end", "b"),
    ("#elseif takes the line break after it", "#if(false)a#elseif(true)  \nb#end", "b"),
    ("blanks before #if and #end stay", "x\n  #if(true)\n  a\n  #end\ny", "x\n    a\n  y"),
    ("#set takes its line break", "a\n#set($x = 1)\nb", "a\nb"),
    ("blanks before #set stay where they continue text", "a\n  #set($x = 1)\nb  #set($x = 1)c", "a\n  b  c"),
    ("blanks before #set go after a directive", "#set($x = 1)  #set($y = 2)  \nb", "b"),
    ("blanks before #set go at the start", "\t #set($x = 1)a", "a"),
    ("blanks before #set go after a reference", "#set($x = 1)$x  #set($y = 2)$y", "12"),
    ("blanks before #set go after a comment and #end", "#*c*#  #set($y = 2)a#if(true)b#end  #set($y = 3)c", "abc"),
    ("a call's parenthesis takes nothing", '#set($x = "ab")$x.length()\nb', "2\nb"),
    ("#foreach takes the line break of its line", "#foreach($i in [1, 2])\n  $i\n#end\nb", "  1\n  2\nb"),
    ("a macro call with parentheses takes the line break", "#macro(m)x#end\n#m()\ny", "xy"),
    ("a macro call without parentheses takes nothing", "#macro(m)x#end\n#m\ny", "x\ny"),
    ("carriage returns count as line breaks", "#if(true)\r\na\r\n#end\r\nb", "a\r\nb"),
    (
        "white space inside directives is free",
        "#set( $x  =  1 )#if (  $x ==\n 1 )a#end#foreach( $i\n in [ 1 , 2 ] )$i#end",
        "a12",
    ),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_velocity_renders(rule: str, template: str, expected: str) -> None:
    assert render(template) == expected, rule
