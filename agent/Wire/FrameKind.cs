namespace Hearth.Wire;

/// <summary>The first element of every frame. The table in this folder's README says what follows it.</summary>
public enum FrameKind : byte
{
    Hello = 1,
    Init = 2,
    InitDone = 3,
    Invoke = 4,
    Chunk = 5,
    Response = 6,
    Error = 7,
    Shutdown = 8,
    ResponseStart = 9,
    ResponseEnd = 10,
    Done = 11,
}
