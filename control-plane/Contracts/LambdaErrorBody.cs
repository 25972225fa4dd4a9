namespace Hearth.Contracts;

/// <summary>How an error's JSON is spelled; it differs by error, and clients look for the key that the service model names.</summary>
public enum LambdaErrorBody
{
    /// <summary><c>{"Type":"User","message":…}</c>: InvalidParameterValue, ResourceConflict, PreconditionFailed, TooManyRequests (with Reason), …</summary>
    TypeAndLowerCaseMessage,

    /// <summary><c>{"Type":"User","Message":…}</c>: ResourceNotFound, ServiceException and the runtime-side errors.</summary>
    TypeAndUpperCaseMessage,

    /// <summary><c>{"message":…}</c>: ValidationException, RequestEntityTooLarge, AccessDenied.</summary>
    LowerCaseMessage,

    /// <summary><c>{"Message":…}</c>: errors of the HTTP layer, such as SerializationException.</summary>
    UpperCaseMessage,
}
