namespace Hearth.Runtime;

/// <summary>The handler setting does not lead to a usable method. The name is AWS's: callers see it as errorType.</summary>
internal sealed class LambdaValidationException(string message, Exception? inner = null) : Exception(message, inner);
