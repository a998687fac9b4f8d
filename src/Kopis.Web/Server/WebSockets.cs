using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Web.Server;

/// <summary>Where the dashboard listens: at places that it binds itself, or at sockets that
/// somebody has bound for it and holds while it is away, so that no other user can stand in for
/// it.</summary>
internal sealed class WebSockets
{
    private const int AcceptsConnections = 30; // SO_ACCEPTCONN, at level SOL_SOCKET.

    private WebSockets(IReadOnlyList<IPEndPoint> places, IReadOnlyList<int> descriptors) =>
        (Places, Descriptors) = (places, descriptors);

    /// <summary>Addresses and ports.</summary>
    internal IReadOnlyList<IPEndPoint> Places { get; }

    /// <summary>The sockets, one for each place; empty: they are bound here.</summary>
    internal IReadOnlyList<int> Descriptors { get; }

    /// <summary>A place to bind.</summary>
    internal static WebSockets At(IPEndPoint place) => new([place], []);

    /// <summary>Sockets that are open, close-on-exec from now on.</summary>
    /// <exception cref="ConfigurationException">One listens at no port, or at an address that
    /// other hosts reach.</exception>
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

    /// <summary>A descriptor's number; -1: it is none.</summary>
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
