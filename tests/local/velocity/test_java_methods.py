"""Methods of Java classes that templates call."""

import pytest

from tests.local.velocity.rendering import render

CASES = [
    ("length counts UTF-16 units", '#set($s = "é日😀")$s.length() #set($e = "")$e.length()', "40"),
    (
        "indices count UTF-16 units",
        ('#set($s = "a😀b")$s.indexOf("b") $s.substring(3) $s.substring(1, 3) $s.lastIndexOf("b") $s.codePointAt(1)'),
        "3 b 😀 3 128512",
    ),
    (
        "halves of a pair join again",
        (
            '#set($s = "a😀b")#set($one = $s.substring(1, 2))#set($two = $s.substring(2, 3))$one.length()$tw'
            "o.length()$one$two"
        ),
        "11😀",
    ),
    (
        "substring",
        ('#set($s = "something")$s.substring(4) $s.substring(0, 4) [$s.substring(9)] [$s.substring(2, 2)]'),
        "thing some [] []",
    ),
    (
        "indexOf and lastIndexOf",
        (
            '#set($s = "abcabc")$s.indexOf("c") $s.indexOf("c", 3) $s.indexOf("x") $s.lastIndexOf("a") $s.l'
            'astIndexOf("a", 2) $s.indexOf("") $s.indexOf(98)'
        ),
        "2 5 -1 3 0 0 1",
    ),
    (
        "charAt gives a character",
        '#set($s = "abc")#set($c = $s.charAt(1))$c #if($c == "b")equal#end #set($t = $c + "x")$t',
        "b equalbx",
    ),
    (
        "contains, startsWith, endsWith",
        (
            '#set($s = "foobar")$s.contains("oba") $s.startsWith("foo") $s.startsWith("bar", 3) $s.endsWith'
            '("bar") $s.contains("")'
        ),
        "true true true true true",
    ),
    (
        "split drops trailing empties",
        '#set($s = "a,b,,c,,")$s.split(",").size() #foreach($p in $s.split(","))[$p]#end',
        "4 [a][b][][c]",
    ),
    (
        "split with a limit",
        (
            '#set($s = "a,b,,c,,")$s.split(",", -1).size() $s.split(",", 2).get(1) $s.split(",", 2)[0] $s.s'
            'plit(",", 0).size()'
        ),
        "6 b,,c,, a 4",
    ),
    (
        "split by a regular expression",
        (
            '#set($s = "a1b22c")#foreach($p in $s.split("[0-9]+"))[$p]#end#set($s = "a.b")$s.split(".").siz'
            'e() $s.split("\\.").size()'
        ),
        "[a][b][c]0 2",
    ),
    ("split into characters", '#set($s = "abc")#foreach($p in $s.split(""))[$p]#end', "[a][b][c]"),
    ("split of nothing", '#set($s = "")$s.split(",").size() #set($s = ",")$s.split(",").size()', "10"),
    ("replace is literal", '#set($s = "a.b.c")$s.replace(".", "$") $s.replace("b", "\\")', "a$b$c a.\\.c"),
    (
        "replaceAll takes a pattern",
        '#set($s = "a.b.c")$s.replaceAll(".", "x") $s.replaceAll("\\.", "-") $s.replaceAll("[ab]", "")',
        "xxxxx a-b-c ..c",
    ),
    (
        "group references",
        (
            '#set($s = "john smith")$s.replaceAll("(\\w+) (\\w+)", \'$2 $1\') $s.replaceAll("(?<f>\\w+) .*"'
            ", '${f}') $s.replaceAll(\"o\", '<$0>')"
        ),
        "smith john john j<o>hn smith",
    ),
    (
        "a group reference takes as many digits as there are groups",
        '#set($s = "ab")$s.replaceAll("(a)(b)", \'$12\')',
        "a2",
    ),
    (
        "escapes in a replacement",
        ('#set($s = "a")$s.replaceAll("a", \'\\$1\') $s.replaceAll("a", \'\\\\\') $s.replaceAll("a", "\\\'")'),
        "$1 \\ '",
    ),
    ("a group without a match is nothing", '#set($s = "b")$s.replaceAll("(a)?b", \'[$1]\')', "[]"),
    ("replaceFirst", '#set($s = "aXbX")$s.replaceFirst("X", "-")', "a-bX"),
    ("an empty match replaces between all", '#set($s = "abc")$s.replaceAll("x*", "-")', "-a-b-c-"),
    (
        "matches is for the whole text",
        (
            '#set($s = "abc1")$s.matches("[a-z]+") $s.matches("[a-z]+\\d") $s.matches("(?i)ABC1") $s.matche'
            's("\\p{Alpha}+\\p{Digit}")'
        ),
        "false true true true",
    ),
    (
        "possessive and lazy quantifiers",
        '#set($s = "aaa")$s.replaceAll("a+?", "b") $s.matches("a++a") $s.replaceAll("a{2}", "b")',
        "bbb false ba",
    ),
    ("class intersection", '#set($s = "abcdef")$s.replaceAll("[a-f&&[^bd]]", "_")', "_b_d__"),
    ("quoted patterns", '#set($s = "a.b+c")$s.replaceAll("\\Q.b+\\E", "-")', "a-c"),
    (
        "word classes are ASCII",
        (
            '#set($s = "aé1_")$s.replaceAll("\\w", "x") $s.replaceAll("\\d", "n") $s.replaceAll("\\p{L}", "'
            'l") $s.matches("\\p{Lu}+")'
        ),
        "xéxx aén_ ll1_ false",
    ),
    (
        "look-around and back references",
        ('#set($s = "abab")$s.replaceAll("(ab)\\1", "x") $s.replaceAll("a(?=b)", "x") $s.replaceAll("(?<!a)b", "x")'),
        "x xbxb abab",
    ),
    (
        "case",
        (
            '#set($s = "Straße")$s.toUpperCase() $s.toLowerCase() $s.equalsIgnoreCase("sTRASSE") $s.equalsI'
            'gnoreCase("STRAßE")'
        ),
        "STRASSE straße false true",
    ),
    (
        "trim and blanks",
        '#set($s = "  a b ")[$s.trim()] [$s.strip()] $s.isEmpty() $s.isBlank() $s.empty',
        "[a b] [a b] false false false",
    ),
    (
        "compareTo",
        (
            '#set($s = "b")$s.compareTo("a") $s.compareTo("bcd") $s.compareTo("B") $s.compareToIgnoreCase("'
            'B") $s.compareTo("b")'
        ),
        "1 -2 32 0 0",
    ),
    ("equals is strict", '#set($s = "1")$s.equals("1") $s.equals(1) $s.equals($nope)', "true false false"),
    (
        "concat, repeat, valueOf, join",
        '#set($s = "ab")$s.concat("c") $s.repeat(2) $s.valueOf(5) $s.join("-", ["x", "y"])',
        "abc abab 5 x-y",
    ),
    (
        "hashCode",
        '#set($s = "hello")$s.hashCode() #set($s = "")$s.hashCode() #set($s = "😀")$s.hashCode()',
        "9916232201772899",
    ),
    (
        "format",
        '#set($s = "")$s.format("%s-%d-%05d-%x-%.2f-%5s|%-5s|%%", "a", 5, 42, 255, 1.005, "r", "l")',
        "a-5-00042-ff-1.01-    r|l    |%",
    ),
    (
        "format takes positions and signs",
        '#set($s = "")$s.format(\'%2$s %1$s %3$+d %4$,d\', "a", "b", 3, 1234567)',
        "b a +3 1,234,567",
    ),
    ("getBytes are signed", '#set($s = "é")#foreach($b in $s.getBytes())$b #end$s.bytes.size()', "-61 -87 2"),
    (
        "a method there is not, or with other arguments, is nothing",
        '#set($s = "abc")[$s.foo()][$s.foo][$s.substring("1")][$s.charAt()][$s.length]',
        "[][][][][]",
    ),
    ("methods of a missing value are nothing", "[$x.length()][$x.substring(1).length()][$x.size()]", "[][][]"),
    (
        "list methods",
        (
            '#set($l = [3, 1, 2])$l.size() $l.get(0) $l[1] $l.contains(2) $l.contains("2") $l.indexOf(1) $l'
            ".lastIndexOf(9) $l.isEmpty() $l.empty $l.subList(1, 3)"
        ),
        "3 3 1 true false 1 -1 false false [1, 2]",
    ),
    (
        "add and remove",
        (
            '#set($l = [1])$l.add(2) $l.add(0, "x") $l $l.remove(0) $l.remove("y") $l $l.addAll([7, 8]) $l '
            "$l.set(0, 5) $l $l.clear() $l"
        ),
        "true  [x, 1, 2] x false [1, 2] true [1, 2, 7, 8] 1 [5, 2, 7, 8]  []",
    ),
    ("remove takes an index or an object", '#set($l = ["a", "b", "c"])$l.remove("b") $l.remove(0) $l', "true a [c]"),
    (
        "removeAll, retainAll, containsAll",
        "#set($l = [1, 2, 3, 4])$l.containsAll([1, 2]) $l.removeAll([1]) $l.retainAll([2, 3]) $l",
        "true true true [2, 3]",
    ),
    ("size is a method, not a property", "#set($l = [1, 2])$l.size() [$l.size]", "2 []"),
    (
        "a list's text",
        '#set($l = ["a", 1, 2.0, true, [1], {"k": "v"}])$l.toString() $l',
        "[a, 1, 2.0, true, [1], {k=v}] [a, 1, 2.0, true, [1], {k=v}]",
    ),
    (
        "an iterator",
        '#set($l = ["a", "b"])#set($i = $l.iterator())$i.next()$i.hasNext()$i.next()$i.hasNext()',
        "atruebfalse",
    ),
    ("lists hold references", "#set($a = [1])#set($b = $a)$b.add(2) $a", "true [1, 2]"),
    (
        "a map's methods",
        (
            '#set($m = {"a": 1, "b": 2})$m.get("a") $m.a $m["b"] $m.size() $m.isEmpty() $m.containsKey("a")'
            ' $m.containsValue(2) $m.keySet() $m.values() $m.entrySet() $m.getOrDefault("z", 9)'
        ),
        "1 1 2 2 false true true [a, b] [1, 2] [a=1, b=2] 9",
    ),
    (
        "put gives the old value",
        (
            '#set($m = {"a": 1})[$m.put("a", 2)] [$m.put("b", 3)] [$m.putIfAbsent("a", 9)] [$m.remove("a")]'
            ' [$m.remove("z")] $m'
        ),
        "[1] [] [2] [2] [] {b=3}",
    ),
    ("putAll and clear", '#set($m = {"a": 1})$m.putAll({"b": 2, "a": 3})$m $m.clear()$m', "{a=3, b=2} {}"),
    (
        "a map's property is its entry",
        '#set($m = {"size": "s", "empty": "e", "keySet": "k"})$m.size $m.empty $m.keySet $m.size()',
        "s e k 3",
    ),
    (
        "a bare word among arguments is null",
        '#set($m = {})#set($i = $m.put("k", null))$m $m.containsKey("k") [$m.k]',
        "{k=null} true []",
    ),
    (
        "an entry's methods",
        '#set($m = {"a": 1})#foreach($e in $m.entrySet())$e.key $e.getValue() $e.setValue(5)$e#end $m',
        "a 1 1a=5 {a=5}",
    ),
    (
        "views have no positions",
        (
            '#set($m = {"a": 1})$m.keySet().contains("a") $m.keySet().size() [$m.keySet().get(0)] $m.values'
            "().iterator().next() $m.keySet().toArray().size()"
        ),
        "true 1 [] 1 1",
    ),
    (
        "equals of collections",
        (
            '#set($l = [1, {"a": [2]}])$l.equals([1, {"a": [2]}]) $l.equals([1]) $l.contains({"a": [2]}) $l'
            ".contains(1.0)"
        ),
        "true false true false",
    ),
    ("hash codes of collections", '#set($l = [1, "a", true])$l.hashCode() #set($m = {"a": 1})$m.hashCode()', "3499096"),
    (
        "integers",
        (
            "#set($x = 300)$x.toString() $x.intValue() $x.longValue() $x.doubleValue() $x.byteValue() $x.eq"
            'uals(300) $x.equals("300") $x.compareTo(2) $x.hashCode()'
        ),
        "300 300 300 300.0 44 true false 1 300",
    ),
    (
        "statics through an instance",
        (
            '#set($x = 0)$x.parseInt("42") $x.valueOf("7") $x.toHexString(255) $x.toBinaryString(5) $x.max('
            '3, 9) $x.parseInt("ff", 16) $x.toHexString(-1)'
        ),
        "42 7 ff 101 9 255 ffffffff",
    ),
    ("parsed text is a number", '#set($x = 0)#set($n = $x.parseInt("5") + 1)$n', "6"),
    (
        "doubles",
        (
            '#set($x = 2.75)$x.intValue() $x.longValue() $x.compareTo(1.0) $x.isNaN() $x.parseDouble("1e3")'
            " $x.equals(2.75) $x.toString()"
        ),
        "2 2 1 false 1000.0 true 2.75",
    ),
    (
        "big numbers",
        "#set($x = 99999999999999999999)$x.intValue() $x.toString() $x.equals(99999999999999999999)",
        "1661992959 99999999999999999999 true",
    ),
    (
        "booleans",
        ('#set($x = true)$x.toString() $x.equals(true) $x.booleanValue() $x.parseBoolean("TRUE") $x.compareTo(false)'),
        "true true true true 1",
    ),
    ("chained calls", '#set($s = " a,b ")$s.trim().split(",").get(1).toUpperCase().length()', "1"),
    ("an index of a missing or plain value is nothing", '#set($x = 5)[$x[0]][$nope[0]][$nope["a"].b]', "[][][]"),
    ("negative indices count from the end", "#set($l = [1, 2, 3])$l[-1] $l[-3]", "3 1"),
    (
        "keys of maps in brackets",
        (
            '#set($m = {"a b": 1, "c": {"d": [5]}})#set($k = "a b")$m["a b"] $m[$k] $m[\'c\'].d[0] $m["c"]['
            '"d"][0] ${m["a b"]}'
        ),
        "1 1 5 5 1",
    ),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_velocity_renders(rule: str, template: str, expected: str) -> None:
    assert render(template) == expected, rule
