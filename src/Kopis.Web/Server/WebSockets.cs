using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Web.Server;

/// <summary>The sockets of the dashboard. It binds them itself, or another process has bound them
/// and holds them while the dashboard is down, so that no other user can take its place.</summary>
internal sealed class WebSockets
{
    private const int AcceptsConnections = 30; // SO_ACCEPTCONN, at level SOL_SOCKET.

    private WebSockets(IReadOnlyList<IPEndPoint> places, IReadOnlyList<int> descriptors) =>
        (Places, Descriptors) = (places, descriptors);

    /// <summary>The addresses and ports.</summary>
    internal IReadOnlyList<IPEndPoint> Places { get; }

    /// <summary>The inherited sockets, one for each place; empty if they are bound here.</summary>
    internal IReadOnlyList<int> Descriptors { get; }

    /// <summary>A place that is bound here.</summary>
    internal static WebSockets At(IPEndPoint place) => new([place], []);

    /// <summary>Open sockets that were inherited; they are made close-on-exec.</summary>
    /// <exception cref="ConfigurationException">A socket does not listen at a port, or listens at
    /// an address that other hosts reach.</exception>
    internal static WebSockets Inherited(IReadOnlyCollection<int> descriptors)
    {
        List<IPEndPoint> places = [];
        foreach (int fd in descriptors)
        {
            if (!Fd.IsOpen(fd) || PlaceOf(fd) is not { } place)
            {
                throw new ConfigurationException(
                    $"descriptor {fd} is no socket that listens", ExitCode.Permanent);
            }

            Fd.SetCloseOnExec(fd);
            places.Add(WebFiles.Loopback(place));
        }

        return new WebSockets(places, [.. descriptors]);
    }

    /// <summary>The number of a descriptor; -1 if the text is not one.</summary>
    internal static int Number(string text) => int.TryParse(
        text, NumberStyles.None, CultureInfo.InvariantCulture, out int fd) && fd > 2 ? fd : -1;

    private static IPEndPoint? PlaceOf(int fd)
    {
        try
        {
            using Socket socket = new(new SafeSocketHandle(fd, ownsHandle: false));
            Span<byte> isListening = stackalloc byte[sizeof(int)];
            return socket.GetRawSocketOption(1, AcceptsConnections, isListening) == sizeof(int)
                && isListening[0] == 1 ? socket.LocalEndPoint as IPEndPoint : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
