"""The rules of the protocol that a mutant may break, each by name. All as they should be: `Rules()`."""

from dataclasses import dataclass

from proof.spec.law import Edit


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """One variant of the protocol. `edit` changes the law's conditional writes; the rest are what actors do between them."""

    edit: Edit | None = None
    shapes: bool = True  #: not a rule: whether a row's own looks are judged, or only what comes of them
    token_per_claim: bool = True
    wish_heeded: bool = True  #: a claim that finds a wish gives in instead of running
    losses_end: bool = (
        True  #: whoever finds a lapsed lease and no attempts left ends the job instead of claiming it
    )
    # the sweep
    sweeps: bool = True
    appoint_first: bool = True  #: before the watermark moves
    failure_stops: bool = True  #: a listing that failed leaves the watermark
    compare_and_set: bool = True
    consistent: bool = True  #: the listing reads what was written
    goal_first: bool = True  #: the clock is read before the listing, not after it
    put_late_appointed: bool = True  #: a row that is late before its put has its appointment from the put on
    second_look: bool = True
    look_if_found: bool = True  #: also whoever finds the row there already
    row_first: bool = True  #: nobody is answered before the row is there
    grace: int = 2
    # appointments and messages
    wake_first: bool = True
    wake_older: bool = True  #: a lapsed attempt is woken with the epoch before its own
    messages_wait: bool = True  #: a retry's message is sent with its delay
    due_tested: bool = True  #: after a refusal a job is claimed only if it is due
    lease_tested: bool = True
    early_ack: bool = False
    mark_known: bool = True  #: a refused settlement looks for its own mark
    # joins
    numbered: bool = True  #: marks are sets of numbers, not counts
    returned_set: bool = True  #: complete is what the answer shows, not what my own write changed
    join_conditional: bool = True  #: on WAITING and the epoch that was read
    join_awaits: bool = True  #: only the life that the parent waits for
    page_first: bool = True  #: a page is put before its children, whose ids have its time
    kept_known: bool = True  #: a page says which places an earlier life stands for
    closed_last: bool = True  #: the book is closed after the parent waits
    closed_looks: bool = True  #: who closes the book looks whether it is complete
    hasty_seen: bool = True  #: and whether a child was bad before anybody waited
    told_again: bool = True  #: a child's message that comes again tells again
    looks_for_children: bool = True  #: the parent's appointment looks for ends that nobody told
    vain_seen: bool = True  #: a claim asks whether anybody waits for the child
    # effects and keys
    fixed_ids: bool = True
    perform_first: bool = True  #: before the outbox is cleared
    outbox_first: bool = True  #: a redrive waits for the outbox
    key_first: bool = True
    key_held: bool = True  #: a key that is there is not overwritten
    key_shared: bool = True  #: who finds the key uses its job's id
    request_compared: bool = True  #: who finds the key of another request is refused
