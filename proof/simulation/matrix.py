"""The fault matrix: what this simulation must be seen to have done, what other layers do, and what waits for parts not built yet."""

from collections.abc import Mapping

HERE: Mapping[str, str] = {
    "F01": "API crash before the row is put",
    "F02": "API crash after the put, before the send",
    "F03": "API crash after the send, before the reply",
    "F04": "put applied, reply lost",
    "F05": "send applied, reply lost",
    "F06": "queue denies every send for minutes",
    "F07": "a batch of sends is refused in part",
    "F08": "concurrent requests with one key",
    "F09": "same key, other request",
    "F10": "every message dropped",
    "F11": "every message three times",
    "F12": "messages reordered and up to 15 min late",
    "F13": "delivered again after deletion",
    "F14": "deletion by a stale receipt deletes nothing",
    "F15": "message of an unknown job",
    "F16": "undecodable message",
    "F17": "crash before the claim",
    "F18": "crash after the claim",
    "F19": "claim applied, reply lost",
    "F20": "two workers claim at once",
    "F21": "handler raises",
    "F22": "handler raises every time",
    "F23": "handler kills its worker",
    "F24": "handler still runs when the invocation is killed",
    "F25": "a late worker's success is fenced",
    "F26": "a late worker's failure is fenced",
    "F27": "a write that was under way lands after the next attempt began",
    "F28": "a worker from before a redrive is fenced",
    "F29": "crash between result and acknowledgement",
    "F30": "success applied, reply lost",
    "F31": "success throttled until the invocation's end",
    "F33": "retry written, message lost",
    "F34": "a message arrives before its job is due",
    "F35": "invocation killed with part of the batch done",
    "F36": "the answer for a batch reaches Lambda as junk: all deleted, or all back",
    "F37": "rubbish beside good messages in a batch",
    "F38": "80 % of invocations throttled",
    "F39": "dead letter of a finished job",
    "F40": "crash while handling dead letters",
    "F41": "queue purged",
    "F43": "tick crashes after it sent",
    "F44": "two or three ticks at once",
    "F45": "no tick for an hour",
    "F46": "the index answers with old rows",
    "F47": "cancel while others work on the job",
    "F48": "cancel applied, reply lost, asked again",
    "F56": "two ticks at one schedule",
    "F57": "no tick for three hours, with schedules",
    "F58": "tick dies between deciding on a fire, putting its job and striking it off",
    "F60": "a schedule is changed while a tick is at work",
    "F61": "clocks wrong by up to 120 s, set back",
    "F62": "row deleted by TTL, a late message comes",
    "F63": "DynamoDB throttles everything for 60 s",
    "F64": "any call fails now and then",
    "F65": "payload put, row not; or the payload is gone",
    "F66": "arguments of a limit's size, one byte less, one more",
    "F70": "rows of newer code are met, and left alone",
    "F72": "who holds a slot dies, and its job is taken over",
    "F74": "two or more of these in one history",
}

ELSEWHERE: Mapping[str, str] = {
    "F71": "crashes: a webhook's receiver is down, busy, too slow",
    "F42": "processes: dead letters by the hundred at once, and a redrive of all the dead",
    "F68": "processes: the network is restarted under load, connections are reset",
    "F69": "processes: SIGTERM and SIGKILL",
}

TABLES: Mapping[str, str] = {
    "F73": "tests/lanes: a tenant floods a lane 100:1; the others' p95 wait, with fair queues and without, in virtual time",
    "F59": "tests/schedules: fire times over changes of the clock, leap days and years, against a table from elsewhere",
}
"""What no layer injects: it is decided by tables, or measured by a test of its own."""

PENDING: Mapping[str, str] = {
    **{f"F{number}": "issue 6: workflows" for number in range(49, 56)},
    "F32": "issue 6: nothing uses transactions before joins do",
    "F67": "nothing uses streams; waits for a part that does",
}
