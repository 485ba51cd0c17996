"""Colors as style sheets name them (CSS Color Module, level 4): nothing else is let into a `style`."""

import re
from typing import Final

_NAMES: Final = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
    darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
    darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
    firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
    mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
    midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
    rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
    slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
    whitesmoke yellow yellowgreen transparent currentcolor
    """
_NAMED: Final = frozenset(_NAMES.split())
_HEX: Final = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_NUMBER: Final = r"(?:[+-]?(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(?:e[+-]?\d{1,2})?(?:%|deg|grad|rad|turn)?|none)"
_FUNCTION: Final = re.compile(
    rf"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*+{_NUMBER}(?:(?:\s*+[,/]\s*+|\s++){_NUMBER}){{2,3}}\s*+\)",
    re.IGNORECASE | re.ASCII,
)
_DECLARATION: Final = re.compile(r"\s*color\s*:\s*([^!]*?)\s*(?:!\s*important\s*)?", re.IGNORECASE | re.ASCII)


def is_color(text: str) -> bool:
    """Whether text is a color: a name, `#` and hexadecimal digits, or a function such as `rgb()` of numbers."""
    return text.lower() in _NAMED or bool(_HEX.fullmatch(text) or _FUNCTION.fullmatch(text))


def keep_color_declarations(style: str) -> str | None:
    """What a style says of the color of text, and nothing else; null where it says nothing of that.

    A declaration is taken for what it plainly is: with escapes, comments or strings in it it is none of these.
    """
    declarations = [declaration for declaration in style.split(";") if not declaration.isspace() and declaration]
    kept = [declaration for declaration in declarations if _is_of_color(declaration)]
    if len(kept) == len(declarations):
        return style if kept else None
    return ";".join(kept).strip() or None


def _is_of_color(declaration: str) -> bool:
    found = _DECLARATION.fullmatch(declaration)
    return found is not None and is_color(found[1])
