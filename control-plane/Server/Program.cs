using Hearth.ControlPlane.Hosting;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(ServerOptions.Usage);
    return 0;
}

try
{
    await using var server = new ControlPlaneServer(ServerOptions.Parse(args));
    await server.StartAsync();
    Console.WriteLine("hearth-control-plane: ready");
    await server.WaitForShutdownAsync();
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"hearth-control-plane: {e.Message}\n{ServerOptions.Usage}");
    return 2;
}
catch (StartException e)
{
    Console.Error.WriteLine($"hearth-control-plane: {e.Message}");
    return 1;
}
