"""HTTP answers as they go over the wire: status line, headers with date and length, body.

What has no date of its own, by the emulator's clock, gets this machine's.

Source: RFC 9112, 4 and 6; RFC 9110, 6.6.1.
"""

import time
from http import HTTPStatus

from creditctl.emulator.protocol.http_date import http_date
from creditctl.emulator.protocol.wire import Response


def written(response: Response, *, closes: bool, headed: bool = False) -> bytes:
    """An answer as it goes over the wire, or its head alone where that was asked for.

    Errors: ValueError for a header that would not stay on its line.
    """
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if "Date" not in response.headers:
        lines.append(f"Date: {http_date(int(time.time()))}")
    lines.append(f"Content-Length: {len(response.body)}")
    if closes:
        lines.append("Connection: close")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("a header of the answer has a line end in it")
    return b"%b\r\n\r\n%b" % (head.encode("latin-1"), b"" if headed else response.body)


_status_lines: dict[int, str] = {}


def _status_line(status: int) -> str:
    line = _status_lines.get(status)
    if line is None:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
        line = _status_lines[status] = f"HTTP/1.1 {status} {phrase}"
    return line
