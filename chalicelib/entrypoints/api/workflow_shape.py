"""The shapes of what is told of workflows."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from chalicelib.entrypoints.api.job_shape import Elsewhere, JobDocument, ReasonName, StateName, Time


class CountsDocument(TypedDict):
    """Of a node's children. One that ended this very moment may not be counted yet."""

    total: Annotated[int | None, Meta(description="null: nobody knows it yet")]
    ended: int
    succeeded: int
    failed: Annotated[int, Meta(description="dead, cancelled or expired")]
    exact: Annotated[
        bool, Meta(description="false: there may be more of each than could be looked at in one request")
    ]


class ShortError(TypedDict):
    """What went wrong."""

    type: str
    message: str


class NodeDocument(TypedDict):
    """A node of the tree, and what is known of it."""

    path: Annotated[
        str, Meta(description="its place: `workflow.chain[1].group[0]`; a chord is shown as a chain of two")
    ]
    kind: Literal["step", "chain", "group", "map"]
    task: Annotated[str | None, Meta(description="of a step, or of a map's jobs")]
    job: Annotated[str | None, Meta(description="the id of its job; null: it has none yet, or see looked")]
    state: StateName | None
    looked: Annotated[
        bool,
        Meta(
            description="false: this request had used up its reads; GET /workflows/{id} of what is above it tells more"
        ),
    ]
    error: ShortError | None
    counts: CountsDocument | None
    nodes: Annotated[
        "list[NodeDocument]",
        Meta(description="its children; those of a map or a large group are at /workflows/{id}/children"),
    ]
    became: Annotated[
        "NodeDocument | None", Meta(description="the workflow that the task of this step returned")
    ]


class WorkflowDocument(TypedDict):
    """A workflow as it is. GET /jobs/{id} of the same id has its arguments, result and history."""

    id: str
    task: str
    state: StateName
    cancel_requested: bool
    part_of: Annotated[str | None, Meta(description="the workflow that this one is part of")]
    tags: list[str]
    created_at: Time
    finished_at: Time | None
    reason: ReasonName | None
    error: ShortError | None
    complete: Annotated[bool, Meta(description="whether all of the tree could be looked at")]
    tree: NodeDocument


class ChildDocument(TypedDict):
    """One of a workflow's children."""

    number: Annotated[int, Meta(description="its place, counted from 0")]
    job: Annotated[JobDocument | None, Meta(description="null: it has not been made yet, or is forgotten")]


class ChildPage(TypedDict):
    """Children in their order. A page may be short, even empty, and yet carry a cursor: there is more to look through."""

    children: list[ChildDocument]
    cursor: Annotated[str | None, Meta(description="for the next page; null: this was the last")]


class ResultDocument(TypedDict):
    """What one child came to."""

    number: int
    result: Annotated[Any, Meta(description="null as well for a child that did not succeed")]
    result_stored: NotRequired[Elsewhere]
    job: NotRequired[
        Annotated[str | None, Meta(description="the child's id, where the results are not in one list")]
    ]
    state: NotRequired[StateName | None]


class ResultPage(TypedDict):
    """Results in their order. A page ends before it gets too large."""

    results: list[ResultDocument]
    cursor: str | None


class BoxDocument(TypedDict):
    """Something to be drawn."""

    id: str
    kind: Annotated[
        Literal["step", "map", "group", "join"],
        Meta(description="join: where a group's children come together"),
    ]
    label: str
    path: str
    job: str | None
    state: StateName | None
    looked: bool
    counts: CountsDocument | None


ArrowDocument = TypedDict(
    "ArrowDocument",
    {
        "from": str,
        "to": str,
        "kind": Annotated[
            Literal["then", "becomes"], Meta(description="becomes: the step's task returned that")
        ],
    },
)


class GraphDocument(TypedDict):
    """What a picture needs."""

    nodes: list[BoxDocument]
    edges: list[ArrowDocument]
    complete: bool
