"""Text, references and escapes: what is VTL and what is not (Velocity 1.7)."""

import pytest

from tests.local.velocity.rendering import render

CASES = [
    ("a dollar before a digit is text", "costs $5.00", "costs $5.00"),
    ("a dollar before a blank is text", "$ x", "$ x"),
    ("two dollars: the second begins the reference", "#set($x = 1)$$x", "$1"),
    ("a dot that begins no name is text", "#set($x = 1)$x. $x.) $x.5 $x. y", "1. 1.) 1.5 1. y"),
    ("an address is text", "a@b.c", "a@b.c"),
    (
        "an unknown directive is text",
        "#foo #foo.bar #selector { color: #fff }",
        "#foo #foo.bar #selector { color: #fff }",
    ),
    ("an unknown directive with arguments is text", '#foo($x, "y") #red (dark)', '#foo($x, "y") #red (dark)'),
    ("a hash before a digit or blank is text", "#1 # 2 #-3", "#1 # 2 #-3"),
    ("braces that hold no name are text", "${} ${1} $!{} {$} ", "${} ${1} $!{} {$} "),
    ("a closing brace after a reference is text", "#set($x = 1)$x} ${x}} {$x}", "1} 1} {1}"),
    ("a hyphen belongs to the name", "#set($a = 5)#set($b = 3)[$a-$b][$a-b][$a -$b]", "[3][][5 -3]"),
    ("an underscore begins a name", "#set($_x = 1)$_x$_x-1", "1"),
    ("braces end a name", '#set($x = "v")${x}y$xy', "vy"),
    ("a bang is lost where no reference follows", "$!5 $! x $!.", "$5 $ x $."),
    ("a bang stays before a brace or bracket", "$!{} $![", "$!{} $!["),
    ("a colon, quote or slash ends a reference", "#set($x = 1)$x:$x\"$x'$x/$x|$x;$x,", "1:1\"1'1/1|1;1,"),
    (
        "a missing reference prints nothing in every form",
        '[$x][$!x][${x}][$!{x}][$x.y][$x.y()][$x[0]][$x["k"].y]',
        "[][][][][][][][]",
    ),
    ("a backslash escapes a reference, defined or not", "#set($x = 1)\\$x \\$nope \\${x} \\$!x", "$x $nope ${x} $!x"),
    ("two backslashes are one and the reference", "#set($x = 1)\\\\$x \\\\${x} \\\\\\$x", "\\1 \\1 \\$x"),
    (
        "a backslash escapes a known directive",
        "\\#if(1) \\#end \\#set($x) \\#{else} \\#foreach",
        "#if(1) #end #set() #{else} #foreach",
    ),
    ("two backslashes before a directive are one", "\\\\#if(true)a#end", "\\a"),
    ("a backslash before anything else is text", "\\ \\\\ \\n \\# \\x \\#foo", "\\ \\\\ \\n \\# \\x \\#foo"),
    ("a backslash escapes a macro's name once it is known", "#macro(m)x#end\\#m() \\\\#m()", "#m() \\x"),
    ("a line comment takes its line break", "a## b $x\nc", "ac"),
    ("a block comment is nothing", "a#* b $x\n c *#d", "ad"),
    ("a documentation comment is nothing", "a#** b *#c", "ac"),
    ("an unclosed block comment takes the rest", "a #* b", "a "),
    ("## after a property's name is text", '#set($m = {"k": "v"})$m.k## no comment', "v## no comment"),
    (
        "## after a variable, a call or a brace is a comment",
        '#set($m = {"k": "v"})$m## c\n$m.size()## c\n${m.k}## c\nx',
        "{k=v}1vx",
    ),
    ("unparsed text is kept as it is", '#[[ $x #if \\$ "]] ]]# #[[]]#', ' $x #if \\$ "]]  '),
    ("#literal keeps its body", "#literal()$x #set($y = 1)#end", "$x #set($y = 1)"),
    ("a lone hash in quotes is text", '"#" \'#\' "a#b"', '"#" \'#\' "a#b"'),
    ("a call needs its parenthesis at once", '#set($x = "ab")$x.length() $x.length () $x.length', "2  () "),
    ("a second parenthesis is text", '#set($x = "ab")$x.toString()() $x()', "ab() ab()"),
    ("a bracket after a blank is text", "#set($x = [1])$x [0]", "[1] [0]"),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_velocity_renders(rule: str, template: str, expected: str) -> None:
    assert render(template) == expected, rule
