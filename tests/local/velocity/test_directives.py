"""#foreach, #macro, #define, #evaluate, #break and #stop (Velocity 1.7)."""

import pytest

from tests.local.velocity.rendering import render

CASES = [
    (
        "the loop's counters",
        (
            '#foreach($i in ["a", "b", "c"])$foreach.index$foreach.count$velocityCount#if($foreach.first)F#'
            "end#if($foreach.last)L#end#if($foreach.hasNext),#end#end"
        ),
        "011F,122,233L",
    ),
    ("stop() ends the loop it is asked of", "#foreach($i in [1..3])#if($i == 2)$foreach.stop()#end$i#end", "1"),
    (
        "an inner loop can stop the outer one",
        "#foreach($a in [1..3])#foreach($b in [1..2])#if($a == 2)$foreach.parent.stop()#end$a$b #end#end",
        "11 12 ",
    ),
    (
        "hasNext as a method and a variable",
        "#foreach($i in [1, 2])$foreach.hasNext() $velocityHasNext #end",
        "true true false false ",
    ),
    (
        "nested loops",
        (
            "#foreach($i in [1, 2])#foreach($j in [3, 4])$foreach.parent.count.$foreach.count.$foreach.topm"
            "ost.index #end#end"
        ),
        "1.1.0 1.2.0 2.1.1 2.2.1 ",
    ),
    (
        "the counters come back after an inner loop",
        "#foreach($i in [1, 2])#foreach($j in [1..3])#end$foreach.count$velocityCount#end",
        "1122",
    ),
    ("the loop's variables end with it", "#foreach($i in [1])#end[$i][$foreach][$velocityCount]", "[][][]"),
    ("an outer variable comes back", '#set($i = "old")#foreach($i in [1, 2])$i#end$i', "12old"),
    ("assignments inside a loop stay", "#foreach($i in [1, 2, 3])#set($last = $i)#end$last", "3"),
    ("over a map: its values", '#foreach($v in {"a": 1, "b": 2})$v,#end', "1,2,"),
    (
        "over keys, values and entries",
        (
            '#set($m = {"a": 1, "b": 2})#foreach($k in $m.keySet())$k#end#foreach($v in $m.values())$v#end#'
            "foreach($e in $m.entrySet())$e.key=$e.value $e.getKey() $e,#end"
        ),
        "ab12a=1 a a=1,b=2 b b=2,",
    ),
    ("over a range, descending", "#foreach($i in [3..1])$i#end", "321"),
    (
        "over text, a number or nothing: not at all",
        (
            '#foreach($i in "abc")x#end#foreach($i in 5)x#end#foreach($i in $nope)x#end#foreach($i in "")x#'
            "end#foreach($i in [])x#end"
        ),
        "",
    ),
    ("over an array", '#set($s = "a,b")#foreach($p in $s.split(","))[$p]#end', "[a][b]"),
    ("over an iterator", "#set($l = [1, 2])#foreach($i in $l.iterator())$i#end", "12"),
    ("an item may be missing", '#set($i = "old")#foreach($i in [$nope, 1])[$i]#end', "[][1]"),
    ("#break leaves the loop", "#foreach($i in [1..5])#if($i == 3)#break#end$i#end after", "12 after"),
    (
        "#break with a loop leaves that one",
        ("#foreach($i in [1, 2])#foreach($j in [1, 2])#if($j == 2)#break($foreach.parent)#end$i$j #end#end after"),
        "11  after",
    ),
    ("#break leaves the inner loop only", "#foreach($i in [1, 2])#foreach($j in [1, 2])#break#end$i#end", "12"),
    ("#break outside a loop ends the template", "a#break b", "a"),
    ("#stop ends the template", "a#if(true)b#stop#end c", "ab"),
    ("#stop in a loop and a macro", "#macro(m)x#stop#end#foreach($i in [1, 2])$i#m()#end", "1x"),
    ("a thousand iterations, no more", "#foreach($i in [1..1002])#set($n = $i)#end$n", "1000"),
    (
        "a loop may store things",
        "#foreach($i in [1, 2])#set($foreach.seen = $i)$foreach.seen $foreach #end",
        "1 {seen=1} 2 {seen=2} ",
    ),
    ("a macro", '#macro(hi $who $what)<$who:$what>#end#hi("a" "b")#hi("a", "b")#hi($nope 1)', "<a:b><a:b><:1>"),
    ("a macro before its definition", '#late("x")#macro(late $a)got $a#end', "got x"),
    ("too few and too many arguments", "#macro(m $a $b)[$a$b]#end#m(1) #m(1 2 3) #m() #m", "[1] [12] [] []"),
    ("a missing argument is looked up outside", "#set($b = 7)#macro(m $b)[$b]#end#m()", "[7]"),
    ("the first definition counts", "#macro(m)1#end#macro(m)2#end#m()", "1"),
    ("arguments are evaluated at each use", "#macro(m $x)$x $x#end#set($l = [])#m($l.add(1)) $l", "true true [1, 1]"),
    ("an argument hides a variable", '#set($x = "out")#macro(m $x)$x#end#m("in")$x', "inout"),
    ("assigning to an argument stays inside", '#macro(m $x)#set($x = "new")$x#end#set($v = "old")#m($v)$v', "newold"),
    ("other assignments leave the macro", "#macro(m)#set($leak = 3)#end#m()$leak", "3"),
    (
        "an argument with the caller's name",
        '#macro(o $x)$x#i($x)#end#macro(i $x)[$x]#end#set($x = "G")#o("Y")#i($x)',
        "Y[Y][G]",
    ),
    ("a macro sees its caller's arguments", '#macro(o $x)#i()#end#macro(i)[$x]#end#o("Y")', "[Y]"),
    ("a macro may call itself", "#macro(down $n)$n#if($n > 0)#set($k = $n - 1)#down($k)#end#end#down(3)", "3210"),
    ("#break leaves the macro", "#macro(m)a#break b#end#m()c", "ac"),
    ("a macro with a body", '#macro(box $t)<$t>$bodyContent</$t>#end#@box("b")in#end', "<b>in</b>"),
    ("the body is the caller's", '#macro(two $x)$bodyContent$bodyContent#end#set($x = 1)#@two("q")[$x]#end', "[q][q]"),
    ("an unknown macro with a body is text", '#@nope("a")x#end', '#@nope("a")x#end'),
    ("a macro in a condition's branch is defined", "#if(false)#macro(m)x#end#end#m()", "x"),
    (
        "#define holds a block",
        '#define($d)hello $n#end#set($n = "x")$d ${d} #set($s = "$d")$s',
        "hello x hello xhello x",
    ),
    ("a defined block sees what is set later", "#define($d)$n#end#set($n = 1)$d#set($n = 2)$d", "12"),
    ("a defined block compares by its text", '#define($d)a#end#if($d == "a")same#end [$d.length()]', "same []"),
    ("a defined block sees a macro's arguments", '#define($d)<$x>#end#macro(m $x)$d#end#m("q")', "<q>"),
    ("a defined block may use the loop", "#define($d)$foreach.count#end#foreach($i in [1, 2])$d#end", "12"),
    (
        "#evaluate renders text",
        "#set($t = '$q#if(true)y#end')#set($q = 1)#evaluate($t)#evaluate(\"$q\")#evaluate($nope)",
        "1y1",
    ),
    ("#evaluate may assign", "#evaluate('#set($z = 5)')$z", "5"),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_velocity_renders(rule: str, template: str, expected: str) -> None:
    assert render(template) == expected, rule
