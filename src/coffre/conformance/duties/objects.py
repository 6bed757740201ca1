"""What the six operations owe: put, get, stat, delete, list, capacity."""

from coffre.conformance.duty import Duty

DUTIES = (
    Duty(
        id="put.whole",
        text="The bytes held are exactly the bytes sent, at any size, however the source gives "
        "them.",
        source="Connection.put",
    ),
    Duty(
        id="put.result",
        text="Size and digest in the result are those of what the offer now holds, computed, "
        "under the algorithm asked for.",
        source="PutResult.size, PutResult.digest",
    ),
    Duty(
        id="put.evidence",
        text="A put says on whose word its digest stands, and claims no reading that was not done.",
        source="PutResult.evidence, Evidence",
    ),
    Duty(
        id="put.names",
        text="Every reference that the grammar allows can be stored, and no two of them are one.",
        source="ObjectRef; offer protocol, 5.1 to 5.4",
    ),
    Duty(
        id="put.same",
        text="The same bytes under the same reference again succeed, and the result says that "
        "they were there.",
        source="Connection.put, PutResult.already_there",
    ),
    Duty(
        id="put.conflict",
        text="Other bytes under a reference that is held are a conflict, and change nothing.",
        source="ObjectConflictError",
    ),
    Duty(
        id="put.size",
        text="A content of another length than announced is refused, and leaves nothing.",
        source="SizeMismatchError",
    ),
    Duty(
        id="put.digest",
        text="A content of another digest than announced is refused, and leaves nothing.",
        source="DigestMismatchError",
    ),
    Duty(
        id="put.source",
        text="An error of the source passes through unchanged, and leaves nothing.",
        source="Connection.put",
    ),
    Duty(
        id="put.content",
        text="A put opens its content, reads it to the end and closes it, whatever happens.",
        source="Content, ByteStream",
    ),
    Duty(
        id="put.atomic",
        text="Nobody ever sees a part of an object: it is there whole or not at all.",
        source="Connection.put; DESIGN, law 5",
    ),
    Duty(
        id="put.crash",
        text="A writer that dies in the middle leaves what was there before, and keeps nobody from "
        "storing.",
        source="Connection.put; DESIGN, law 5",
    ),
    Duty(
        id="put.visible",
        text="Once a put has returned, every session sees the object: get, stat and list.",
        source="Connection.put",
    ),
    Duty(
        id="put.race",
        text="Writers of one reference at the same moment leave the object of one of them, whole, "
        "and whoever wrote the same bytes has succeeded.",
        source="Connection.put; DESIGN, law 5",
    ),
    Duty(
        id="get.whole",
        text="A get gives exactly the bytes of the object, in pieces of any length, and its size.",
        source="Connection.get, GetResult",
    ),
    Duty(
        id="get.absent",
        text="What is not held is not found, by get and by stat; nothing else is said so.",
        source="ObjectNotFoundError; DESIGN, law 2",
    ),
    Duty(
        id="get.bare",
        text="Who asks for the bytes alone gets them, and nothing untrue beside them.",
        source="GetRequest.describe",
    ),
    Duty(
        id="get.steady",
        text="A stream gives the object as it was when opened, whatever happens to it meanwhile, "
        "or raises.",
        source="Connection.get",
    ),
    Duty(
        id="get.damage",
        text="Bytes that are damaged are given as they are, or refused: never bytes that are not "
        "held.",
        source="Connection.get, ObjectCorruptError",
    ),
    Duty(
        id="stat.told",
        text="A stat tells the size of what is held, and claims no more than it looked at.",
        source="StatResult.size, StatResult.evidence",
    ),
    Duty(
        id="stat.time",
        text="The moment of the deposit, where it is told, is that of the deposit, in UTC.",
        source="StatResult.stored_at",
    ),
    Duty(
        id="delete.gone",
        text="What is deleted is absent for everybody, and nothing else is.",
        source="Connection.delete",
    ),
    Duty(
        id="delete.again",
        text="Deleting what is not there succeeds, and says so; what was deleted can be put again.",
        source="Connection.delete, DeleteResult.existed",
    ),
    Duty(
        id="delete.race",
        text="A delete and a put at the same moment leave the object whole or absent.",
        source="Connection.delete, Connection.put",
    ),
    Duty(
        id="list.order",
        text="Entries come sorted by the bytes of their identifiers.",
        source="Connection.list",
    ),
    Duty(
        id="list.complete",
        text="Every object of the container is listed once, with its size, and nothing else is.",
        source="Connection.list, ListEntry",
    ),
    Duty(
        id="list.fresh",
        text="A listing shows what was stored and deleted before it was asked for.",
        source="Connection.list",
    ),
    Duty(
        id="list.empty",
        text="A container that does not exist is empty, and its listing complete.",
        source="Connection.list",
    ),
    Duty(
        id="list.after",
        text="A listing goes on after any identifier, which need not exist.",
        source="ListRequest.after",
    ),
    Duty(
        id="list.prefix",
        text="A prefix keeps exactly what begins so.",
        source="ListRequest.prefix",
    ),
    Duty(
        id="list.limit",
        text="A limit is kept, and the listing says truly whether it is complete.",
        source="ListRequest.limit, Listing.complete",
    ),
    Duty(
        id="list.steady",
        text="What is stored before a listing and not deleted during it is listed once, whatever "
        "else changes.",
        source="Connection.list",
    ),
    Duty(
        id="capacity.units",
        text="Room is told in bytes, none of it negative, and what is used or free is no more than "
        "the whole.",
        source="CapacityResult",
    ),
    Duty(
        id="capacity.full",
        text="A put for which there is no room is refused as such, and leaves nothing.",
        source="OfferFullError, CapacityResult.free",
    ),
)
