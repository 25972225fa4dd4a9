using System.Globalization;
using System.Text;
using System.Text.Json;
using Hearth.Adapter.Api;

namespace Hearth.Adapter.Telemetry;

/// <summary>
/// Events of the Telemetry and Logs APIs. During init they are kept for whoever subscribes later in it; after it, without a subscriber, nothing is made at all.
/// </summary>
internal sealed class TelemetryHub(Reactor reactor)
{
    private const int MaxEarlyBytes = 256 * 1024;
    private readonly List<Subscription> _subscriptions = [];
    private readonly List<(EventTypes Category, string Type, string LogsType, byte[] Item)> _early = [];
    private int _earlyBytes;

    /// <summary>After init nobody subscribes any more.</summary>
    public bool IsClosed { get; private set; }

    public bool IsWanted => !IsClosed || _subscriptions.Count > 0;

    /// <summary>A second request of one extension to one API replaces the first.</summary>
    public void Subscribe(Extension owner, SubscriptionRequest request)
    {
        _subscriptions.RemoveAll(s => s.Owner == owner && s.Request.IsLogs == request.IsLogs);
        var subscription = new Subscription(reactor, owner, request, Dropped);
        _subscriptions.Add(subscription);
        foreach (var (category, type, logsType, item) in _early)
            Give(subscription, category, type, logsType, item);
        Platform("platform.telemetrySubscription", Subscribed, "");
        Platform("platform.logsSubscription", Subscribed, "platform.logsSubscription", onlyLogs: true);

        void Subscribed(Utf8JsonWriter w)
        {
            w.WriteString("name"u8, owner.Name);
            w.WriteString("state"u8, "Subscribed"u8);
            w.WriteStartArray("types"u8);
            foreach (var name in SubscriptionRequest.Names(request.Types))
                w.WriteStringValue(name);
            w.WriteEndArray();
        }
    }

    public void Close()
    {
        IsClosed = true;
        _early.Clear();
        _earlyBytes = 0;
    }

    public void Flush()
    {
        foreach (var subscription in _subscriptions)
            subscription.Flush();
    }

    /// <param name="type">In the Telemetry API.</param>
    /// <param name="record">Members of the record.</param>
    /// <param name="logsType">In the Logs API: null for the same, "" when it has none such.</param>
    /// <param name="onlyLogs">The Telemetry API has none such.</param>
    public void Platform(string type, Action<Utf8JsonWriter> record, string? logsType = null, bool onlyLogs = false)
    {
        if (IsWanted)
            Emit(EventTypes.Platform, onlyLogs ? "" : type, logsType ?? type, w =>
            {
                w.WriteStartObject();
                record(w);
                w.WriteEndObject();
            });
    }

    /// <summary>A line that a process printed.</summary>
    /// <param name="isJson">The function logs in JSON: what parses as an object is passed on as one.</param>
    public void Line(bool ofExtension, ReadOnlySpan<byte> line, bool isJson)
    {
        if (!IsWanted)
            return;
        var text = Encoding.UTF8.GetString(line);
        var type = ofExtension ? "extension" : "function";
        Emit(ofExtension ? EventTypes.Extension : EventTypes.Function, type, type, w =>
        {
            if (isJson && IsObject(text))
                w.WriteRawValue(text, skipInputValidation: true);
            else
                w.WriteStringValue(text);
        });
    }

    private void Emit(EventTypes category, string type, string logsType, Action<Utf8JsonWriter> record)
    {
        var item = Item(type.Length > 0 ? type : logsType, record);
        if (!IsClosed && _earlyBytes + item.Length <= MaxEarlyBytes)
        {
            _early.Add((category, type, logsType, item));
            _earlyBytes += item.Length;
        }
        foreach (var subscription in _subscriptions)
            Give(subscription, category, type, logsType, item);
    }

    private static void Give(Subscription subscription, EventTypes category, string type, string logsType, byte[] item)
    {
        // An event that one of the APIs calls otherwise is made twice, once for each.
        if (subscription.Request.Types.HasFlag(category) && (subscription.Request.IsLogs ? logsType : type).Length > 0)
            subscription.Add(item);
    }

    private static byte[] Item(string type, Action<Utf8JsonWriter> record) => Texts.Json(w =>
    {
        w.WriteString("time"u8, DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        w.WriteString("type"u8, type);
        w.WritePropertyName("record"u8);
        record(w);
    });

    private static byte[] Dropped(long bytes, int records) => Item("platform.logsDropped", w =>
    {
        w.WriteStartObject();
        w.WriteNumber("droppedBytes"u8, bytes);
        w.WriteNumber("droppedRecords"u8, records);
        w.WriteString("reason"u8, "Consumer seems to have fallen behind and has not acknowledged receipt of logs."u8);
        w.WriteEndObject();
    });

    private static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
