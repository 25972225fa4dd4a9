namespace Hearth.Agent.Ingress.Web;

/// <summary>
/// Thrown at the server once an answer has begun: it sends what it has and closes the connection without the answer's end, so that no client takes it for whole.
/// An abort would take back what was not sent yet.
/// </summary>
internal sealed class CutOffException() : Exception("the function failed after its answer had begun");
