using System.Net;
using System.Net.Sockets;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Node;

/// <summary>Finds out before anything starts that a port is taken, and by whom.</summary>
internal static class PortCheck
{
    /// <returns>The port; a free one for 0.</returns>
    public static int Require(string host, int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Parse(host), port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException failure)
        {
            var (cause, fix) = failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => ($"is in use{PortOwner.Describe(port)}", "stop that, or choose another with --port (0 = any free one)"),
                SocketError.AddressNotAvailable => ("is not an address of this machine", "use --host 127.0.0.1"),
                _ => ($"cannot be opened: {Failures.OneLine(failure.Message)}", "choose another with --port"),
            };
            throw new CliException(ExitCode.Refused, $"{host}:{port}", cause, fix);
        }
    }
}
