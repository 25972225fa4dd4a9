namespace Hearth.Runtime;

/// <summary>The life of the process: Hello, Init, then one invocation after the other.</summary>
internal sealed class Loop(FramePipes pipes)
{
    private const int ProtocolVersion = 1;

    public int Run()
    {
        pipes.Write(new FrameHead(FrameKind.Hello, 4).Integer(ProtocolVersion).Text("dotnet").Text(Environment.Version.ToString()));
        if (Environment.GetEnvironmentVariable("HEARTH_WARMED") is not null)
            Rehearsal.Run();
        if (pipes.Read() is not { } first)
            return 0;
        var reader = new FieldReader(first);
        var count = reader.ArrayHeader();
        switch (Kind(ref reader, count))
        {
            case FrameKind.Shutdown:
                return 0;
            case FrameKind.Init:
                return Serve(InitRequest.Read(ref reader));
            default:
                throw new WireException("Init must be the first frame");
        }
    }

    private int Serve(InitRequest request)
    {
        var init = StartEnvironment.AsWrapped(request);
        var task = init.Environment.GetValueOrDefault("LAMBDA_TASK_ROOT", "/var/task");
        // The code is mounted over the folder that the process was started in when that was ahead of time.
        if (Directory.Exists(task))
            Directory.SetCurrentDirectory(task);
        StartEnvironment.Apply(init.Environment);
        Native.KeepFromChildren(3);
        Native.KeepFromChildren(4);
        LambdaConsole.Install();
        Handler handler;
        try
        {
            handler = HandlerLoader.Load(init.Handler);
        }
        catch (Exception e)
        {
            LambdaConsole.WriteFailure(e);
            SendError(0, ExceptionJson.TypeName(e), ExceptionJson.Write(e), fatal: true);
            return 1;
        }
        pipes.Write(new FrameHead(FrameKind.InitDone, 1));
        while (pipes.Read() is { } frame)
        {
            var reader = new FieldReader(frame);
            var count = reader.ArrayHeader();
            switch (Kind(ref reader, count))
            {
                case FrameKind.Invoke:
                    Invoke(handler, InvokeRequest.Read(ref reader));
                    break;
                case FrameKind.Shutdown:
                    reader.Integer();
                    reader.Text();
                    reader.ExpectEnd();
                    Leave();
                    break;
                default:
                    throw new WireException("Init came twice");
            }
        }
        Leave();
        return 0;
    }

    private void Invoke(Handler handler, InvokeRequest request)
    {
        LambdaConsole.RequestId = request.RequestId;
        LambdaConsole.TenantId = request.TenantId;
        Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", request.TraceId);
        ReadOnlyMemory<byte> answer;
        try
        {
            answer = handler.Invoke(request);
        }
        catch (Exception e)
        {
            LambdaConsole.WriteFailure(e);
            SendError(request.Id, ExceptionJson.TypeName(e), ExceptionJson.Write(e), fatal: false);
            return;
        }
        if (answer.Length > FramePipes.MaxPayload)
        {
            SendError(request.Id, "Function.ResponseSizeTooLarge", ExceptionJson.TooLarge, fatal: false);
            return;
        }
        LambdaConsole.Flush();
        pipes.Write(new FrameHead(FrameKind.Response, 4).Integer(request.Id).Text("application/json").Binary(answer.Length), answer);
    }

    private void SendError(uint id, string type, ReadOnlyMemory<byte> body, bool fatal)
    {
        LambdaConsole.Flush();
        if (body.Length > FramePipes.MaxPayload)
            body = ExceptionJson.TooLarge;
        // A label for the agent: no control characters, and at most 256 bytes even when each character takes four.
        var label = new string([.. type.Where(c => !char.IsControl(c)).Take(64)]);
        pipes.Write(new FrameHead(FrameKind.Error, 5).Integer(id).Text(label).Boolean(fatal).Binary(body.Length), body);
    }

    private static FrameKind Kind(ref FieldReader reader, int count)
    {
        var kind = (FrameKind)reader.Integer();
        var expected = kind switch
        {
            FrameKind.Init => 4,
            FrameKind.Invoke => 11,
            FrameKind.Shutdown => 3,
            _ => throw new WireException($"kind {(int)kind} is not one that an agent sends"),
        };
        return count == expected ? kind : throw new WireException($"{kind} has {count} elements; it must have {expected}");
    }

    /// <summary>Whatever threads the function started, the process ends now.</summary>
    private static void Leave()
    {
        LambdaConsole.Flush();
        Environment.Exit(0);
    }
}
