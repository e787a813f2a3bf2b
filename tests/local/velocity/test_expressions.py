"""Values, operators and conditions (Velocity 1.7 and Java numbers)."""

import pytest

from tests.local.velocity.rendering import render

CASES = [
    ("integer division truncates towards zero", "#set($x = 7 / 2)$x #set($y = -7 / 2)$y", "3-3"),
    ("a remainder has the sign of its dividend", "#set($x = 7 % -3)$x,#set($x = -7 % 3)$x", "1,-1"),
    (
        "division by zero leaves the variable",
        "#set($x = 9)#set($x = 1 / 0)$x#set($x = 1 % 0)$x#set($x = 1.5 / 0)$x",
        "999",
    ),
    ("an unset variable stays unset after division by zero", "#set($x = 1 / 0)[$x]", "[]"),
    ("a null reference assigns the empty string", "#set($x = 9)#set($x = $nope)[$x]", "[]"),
    ("int grows to long", "#set($x = 2147483647 + 1)$x", "2147483648"),
    ("long grows to BigInteger", "#set($x = 9223372036854775807 + 1)$x", "9223372036854775808"),
    (
        "products grow too",
        "#set($x = 9223372036854775807 * 9223372036854775807)$x",
        "85070591730234615847396907784232501249",
    ),
    ("a literal may have any size", "#set($x = 99999999999999999999)$x", "99999999999999999999"),
    ("one double makes a double", "#set($x = 7 / 2.0)$x,#set($x = 3.0 * 1)$x,#set($x = 1 + 0.5)$x", "3.5,3.0,1.5"),
    (
        "doubles print as in Java",
        ("#set($x = 1e10)$x,#set($x = 1.0E7)$x,#set($x = 1234567.5)$x,#set($x = 0.001)$x,#set($x = 0.0001)$x"),
        "1.0E10,1.0E7,1234567.5,0.001,1.0E-4",
    ),
    (
        "doubles print their shortest digits",
        "#set($x = 0.1 + 0.2)$x,#set($x = 100.0)$x,#set($x = -0.5)$x",
        "0.30000000000000004,100.0,-0.5",
    ),
    ("a number may begin or end with its point", "#set($x = .5)$x,#set($x = 1.)$x", "0.5,1.0"),
    ("a double overflows to infinity", "#set($x = 1.0E308 * 10)$x", "Infinity"),
    (
        "plus joins text",
        (
            '#set($x = "a" + 1)$x,#set($x = 1 + "a")$x,#set($x = "a" + "b")$x,#set($x = "a" + true)$x,#set('
            '$x = "a" + 1.0)$x'
        ),
        "a1,1a,ab,atrue,a1.0",
    ),
    ("text plus a missing reference", '#set($x = "a" + $nope)$x,#set($x = $nope + 1)$x', "a,1"),
    ("the other operators want numbers", '#set($x = "a" - "b")[$x]#set($x = 2 * "3")[$x]', "[][]"),
    ("precedence", "#set($x = 2 + 3 * 4 - 6 / 2)$x,#set($x = (2 + 3) * 4)$x,#set($x = 10 - 3 - 2)$x", "11,20,5"),
    ("comparison binds looser than sums", "#set($x = 1 + 2 > 2)$x,#set($x = 1 < 2 == true)$x", "true,true"),
    ("and binds tighter than or", "#if(true || false && false)a#end#if(false && false || true)b#end", "ab"),
    (
        "words for operators",
        "#if(1 lt 2 and 2 le 2 and 3 gt 2 and 3 ge 3 and 1 eq 1 and 1 ne 2 and not false or false)a#end",
        "a",
    ),
    ("negative literals", "#set($x = 5 * -2)$x,#set($x = 3 - -2)$x,#set($x = -1.5)$x", "-10,5,-1.5"),
    ("numbers compare across types", "#if(1 == 1.0)a#end#if(2 > 1.5)b#end#if(1 != 2.0)c#end", "abc"),
    (
        "text and number compare as text",
        '#if("1" == 1)a#end#if(1.0 == "1.0")b#end#if(1.0 == "1")c#end#if(true == "true")d#end',
        "abd",
    ),
    ("text has no order", '#if("a" < "b")a#end#if("b" > "a")b#end#if("1" < 2)c#end', ""),
    (
        "lists and maps are equal by content",
        '#if([1, 2] == [1, 2])a#end#if({"a": 1} == {"a": 1})b#end#if([1] == [2])c#end',
        "ab",
    ),
    (
        "missing equals missing and the empty text",
        '#if($x == $y)a#end#if($x == "")b#end#if($x != 0)c#end#if($x == $null)d#end',
        "abcd",
    ),
    ("missing has no order", "#if($x > 0)a#end#if($x < 0)b#end#if($x >= 0)c#end", ""),
    (
        "only false is false in a reference",
        (
            '#set($f = false)#set($z = 0)#set($e = "")#set($l = [])#if($f)a#end#if($z)b#end#if($e)c#end#if('
            "$l)d#end#if($nope)e#end"
        ),
        "bcde",
    ),
    (
        "literals other than true are false",
        '#if(1)a#end#if("a")b#end#if([1])c#end#if({"a": 1})d#end#if(1 + 1)e#end#if(true)f#end',
        "f",
    ),
    ("not", "#if(!false)a#end#if(!$nope)b#end#if(not true)c#end#if(!(1 == 2))d#end#if(! true)e#end", "ad"),
    (
        "a condition is a value",
        "#set($x = 1 > 2)$x,#set($x = !$x)$x,#set($x = true && false || true)$x",
        "false,true,true",
    ),
    ("and stops early", "#set($l = [])#if(false && $l.add(1))#end#if(true || $l.add(2))#end$l", "[]"),
    ("#elseif and #else", "#if(false)a#elseif(false)b#elseif(true)c#else d#end#{if}(false)a#{else}b#{end}", "cb"),
    (
        "ranges",
        "#set($x = [1..3])$x,#set($x = [3..1])$x,#set($x = [-1..1])$x,#set($x = [ 2 .. 2 ])$x",
        "[1, 2, 3],[3, 2, 1],[-1, 0, 1],[2]",
    ),
    ("a range of references", "#set($a = 2)#set($x = [$a..4])$x,#set($x = [1..$a])$x", "[2, 3, 4],[1, 2]"),
    ("a range without a number is null", '#set($x = "old")#set($a = "a")#set($x = [$a..2])$x', "old"),
    ("lists", '#set($x = [1, "a", 2.5, true, [], {}, $nope])$x $x.size()', "[1, a, 2.5, true, [], {}, ] 7"),
    (
        "maps keep their order",
        '#set($x = {"z": 1, "a": [1, 2], "m": {"k": "v"}, 5: "five"})$x $x.get(5)',
        "{z=1, a=[1, 2], m={k=v}, 5=five} five",
    ),
    ("an empty map may hold a blank", "#set($x = { })$x#set($x = {})$x", "{}{}"),
    ("single quotes interpolate nothing", "#set($x = 1)#set($y = '$x #if(true)a#end')$y", "$x #if(true)a#end"),
    (
        "double quotes interpolate references",
        '#set($x = {"k": [7]})#set($y = "$x.k[0] ${x.k}! $x.size() $nope.")$y',
        "7 [7]! 1 .",
    ),
    (
        "double quotes interpolate directives",
        '#set($x = 3)#set($y = "#if($x > 2)big#{else}small#end#foreach($i in [1..$x])$i#end")$y',
        "big123",
    ),
    (
        "a call without such a method in quotes",
        '#set($x = {"y": "Z"})#set($s = "$x.y()|$x.y|$x.get(\'y\')|$x.get(""y"")")$s',
        "|Z|Z|Z",
    ),
    (
        "quotes are doubled to be kept",
        '#set($x = "a ""b"" c")$x #set($x = \'it\'\'s\')$x #set($x = "it\'s")$x #set($x = \'a "b"\')$x',
        'a "b" cit\'sit\'sa "b"',
    ),
    ("backslashes are kept", "#set($x = \"a\\nb\\\\c\")$x #set($x = 'a\\nb\\\\c')$x", "a\\nb\\\\ca\\nb\\\\c"),
    ("double quotes know unicode escapes", "#set($x = \"\\u0041\\u00e9\")$x #set($x = '\\u0041')$x", "Aé\\u0041"),
    ("an escaped reference in quotes", '#set($x = 1)#set($y = "\\$x \\\\$x")$y', "$x \\1"),
    ("a comment in quotes", '#set($y = "a ## b")[$y]#set($y = "a #* b *# c")[$y]', "[a ][a  c]"),
    ("hash and dollar in quotes", '#set($y = "# $ a#b $5 #5")[$y]', "[# $ a#b $5 #5]"),
    ("text in quotes may span lines", '#set($y = "a\nb")$y', "a\nb"),
    (
        "assignment to a property and an index",
        ('#set($m = {})#set($m.a = 1)#set($m["b c"] = 2)#set($m.d = {})#set($m.d.e = [0])#set($m.d.e[0] = 9)$m'),
        "{a=1, b c=2, d={e=[9]}}",
    ),
    ("assignment to the last item", "#set($l = [1, 2, 3])#set($l[-1] = 9)#set($l[0] = 8)$l $l[-2]", "[8, 2, 9] 2"),
    ("assignment below nothing does nothing", '#set($x.y.z = 1)[$x]#set($s = "a")#set($s.b = 1)$s', "[]a"),
    ("braces in an assignment name no variable", "#set($x = 1)#set(${x} = 2)$x", "1"),
    ("a null map value", '#set($m = {})#set($m.a = $nope)$m.containsKey("a") $m', "true {a=}"),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_velocity_renders(rule: str, template: str, expected: str) -> None:
    assert render(template) == expected, rule
