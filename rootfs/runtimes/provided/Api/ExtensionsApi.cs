using System.Text.Json;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Http;

namespace Hearth.Adapter.Api;

/// <summary>What the Extensions API tells the sandbox.</summary>
internal interface IExtensionEvents
{
    void OnRegistered(Extension extension);

    /// <summary>It waits for an event.</summary>
    void OnExtensionReady(Extension extension);

    /// <summary>It cannot go on: init/error or exit/error.</summary>
    void OnExtensionError(Extension extension, string errorType);
}

/// <summary>What the function is called, for those who ask.</summary>
internal sealed record FunctionFacts(string Name, string Version, string Handler, string? AccountId);

/// <summary>/2020-01-01/extension. Refusals and texts as in AWS's aws-lambda-runtime-interface-emulator (rapi/handler/agent*.go, core/*agent_states.go).</summary>
internal sealed class ExtensionsApi(IExtensionEvents events)
{
    public const int MaxExtensions = 10;

    private const string Identifier = "Lambda-Extension-Identifier", ErrorTypeHeader = "Lambda-Extension-Function-Error-Type";

    private readonly List<Extension> _all = [];

    public IReadOnlyList<Extension> All => _all;

    /// <summary>Known with Init.</summary>
    public FunctionFacts Facts { get; set; } = new("", "", "", null);

    /// <summary>After init nobody registers any more.</summary>
    public bool IsClosed { get; set; }

    public bool HasExternal => _all.Exists(static e => e.IsExternal);

    public Extension AddExternal(string name)
    {
        var extension = new Extension(name, isExternal: true);
        _all.Add(extension);
        return extension;
    }

    public void GiveInvoke(Invocation invocation)
    {
        foreach (var extension in _all.Where(static e => e.WantsInvoke))
            extension.Give(ExtensionEventJson.Invoke(invocation));
    }

    public IExchange Register(HttpRequest request, HttpConnection connection) => new WholeBody(request, Router.SmallBody, body =>
    {
        var name = request.Headers["Lambda-Extension-Name"];
        if (string.IsNullOrEmpty(name))
        {
            connection.Error(403, "Extension.InvalidExtensionName", "Empty extension name");
            return;
        }
        if (!ExtensionEventJson.TryReadEvents(body, out var wanted, out var problem))
        {
            connection.Error(403, "InvalidRequestFormat", problem);
            return;
        }
        var extension = _all.Find(e => e.IsExternal && e.Name == name);
        if (Refusal(extension, name, wanted) is var (type, message))
        {
            connection.Error(403, type, message);
            return;
        }
        if (extension is null)
            _all.Add(extension = new Extension(name, isExternal: false));
        extension.WantsInvoke = wanted.Contains("INVOKE");
        extension.WantsShutdown = wanted.Contains("SHUTDOWN");
        extension.State = ExtensionState.Registered;
        var account = (request.Headers["Lambda-Extension-Accept-Feature"] ?? "").Split(',').Any(static f => f.Trim() == "accountId") ? Facts.AccountId : null;
        connection.Answer(new HttpAnswer(200, Answers.Json).Header(Identifier, extension.Id.ToString()), ExtensionEventJson.Registered(Facts, account));
        events.OnRegistered(extension);
    });

    public IExchange Next(HttpRequest request, HttpConnection connection) => new WholeBody(request, Router.SmallBody, _ =>
    {
        if (Find(request, connection, static id => $"Unknown extension {id}") is not { } extension)
            return;
        // A connection that was lost while it waited: it may ask again.
        var again = extension is { State: ExtensionState.Ready, Waiting: null };
        if (!again && extension.State is not (ExtensionState.Registered or ExtensionState.Running))
        {
            Forbid(connection, extension, ExtensionState.Ready, extension.Id.ToString());
            return;
        }
        extension.State = ExtensionState.Ready;
        extension.Waiting = connection;
        if (extension.Pending is { } pending)
        {
            extension.Pending = null;
            extension.Give(pending);
        }
        else
        {
            events.OnExtensionReady(extension);
        }
    }, gone: () =>
    {
        if (_all.Find(e => ReferenceEquals(e.Waiting, connection)) is { } left)
            left.Waiting = null;
    });

    public IExchange InitError(HttpRequest request, HttpConnection connection) =>
        Fail(request, connection, ExtensionState.InitError, static s => s is ExtensionState.Registered);

    public IExchange ExitError(HttpRequest request, HttpConnection connection) =>
        Fail(request, connection, ExtensionState.ExitError, static s => s is ExtensionState.Registered or ExtensionState.Ready or ExtensionState.Running);

    /// <summary>Null, and the refusal given, when the header does not name a registered extension.</summary>
    public Extension? Find(HttpRequest request, HttpConnection connection, Func<string, string> unknown)
    {
        var text = request.Headers[Identifier];
        if (string.IsNullOrEmpty(text))
        {
            connection.Error(403, "Extension.MissingExtensionIdentifier", $"Missing {Identifier} header");
            return null;
        }
        if (!Guid.TryParse(text, out var id))
        {
            connection.Error(403, "Extension.InvalidExtensionIdentifier", $"Invalid {Identifier}");
            return null;
        }
        var found = _all.Find(e => e.Id == id);
        if (found is null)
            connection.Error(403, "Extension.UnknownExtensionIdentifier", unknown(id.ToString()));
        return found;
    }

    private (string Type, string Message)? Refusal(Extension? external, string name, List<string> wanted)
    {
        foreach (var one in wanted)
        {
            if (one is not ("INVOKE" or "SHUTDOWN"))
                return ("Extension.InvalidEventType", $"{one}: ErrorInvalidEventType");
            if (external is null && one == "SHUTDOWN")
                return ("Extension.InvalidEventType", $"{one}: ShutdownEventNotSupportedForInternalExtension");
        }
        if (external is not null)
            return external.State == ExtensionState.Started ? null : ("Extension.InvalidExtensionState", Transition(external, "Registered", external.Name));
        if (IsClosed)
            return ("Extension.RegistrationClosed", "Extension registration closed already");
        if (_all.Exists(e => e.Name == name))
            return ("Extension.InvalidExtensionState", "Extension with this name already registered");
        return _all.Count >= MaxExtensions ? ("Extension.TooManyExtensions", $"Extension limit ({MaxExtensions}) reached") : null;
    }

    private WholeBody Fail(HttpRequest request, HttpConnection connection, ExtensionState state, Func<ExtensionState, bool> allowed) =>
        new(request, Router.SmallBody, _ =>
        {
            if (request.Headers[ErrorTypeHeader] is not { Length: > 0 } errorType)
            {
                // The identifier is looked at first.
                if (Find(request, connection, static _ => $"Unknown {Identifier}") is not null)
                    connection.Error(403, "Extension.MissingHeader", $"{ErrorTypeHeader} not found");
                return;
            }
            if (Find(request, connection, static _ => $"Unknown {Identifier}") is not { } extension)
                return;
            if (extension.State != state && !allowed(extension.State))
            {
                Forbid(connection, extension, state, extension.Id.ToString());
                return;
            }
            var first = extension.State != state;
            extension.State = state;
            extension.Error = errorType;
            connection.Accept();
            if (first)
                events.OnExtensionError(extension, errorType);
        });

    private static void Forbid(HttpConnection connection, Extension extension, ExtensionState next, string who) =>
        connection.Error(403, "Extension.InvalidExtensionState", Transition(extension, next == ExtensionState.ExitError ? "Exited" : next.ToString(), who));

    private static string Transition(Extension extension, string next, string who) =>
        $"State transition from {extension.State} to {next} failed for extension {who}. Error: {Answers.NotAllowed}";
}
