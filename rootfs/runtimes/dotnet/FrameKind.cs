namespace Hearth.Runtime;

/// <summary>The first element of every frame; agent/Wire/README.md is the specification.</summary>
internal enum FrameKind : byte
{
    Hello = 1,
    Init = 2,
    InitDone = 3,
    Invoke = 4,
    Chunk = 5,
    Response = 6,
    Error = 7,
    Shutdown = 8,
}
