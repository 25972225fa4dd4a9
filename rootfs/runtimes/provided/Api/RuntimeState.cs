namespace Hearth.Adapter.Api;

/// <summary>Where the function's process is, as its calls tell. The names are in AWS's error messages.</summary>
internal enum RuntimeState
{
    Started,
    InitError,

    /// <summary>It waits for an event.</summary>
    Ready,
    Running,

    /// <summary>Its answer is being read.</summary>
    InvocationResponse,
    InvocationErrorResponse,
    RuntimeResponseSentState,
}
