using System.Net;
using Kopis.Base;
using Kopis.Posix;
using Microsoft.AspNetCore.Connections;

namespace Kopis.Web.Server;

/// <summary>Connections at once, by the user of this host whose they are: all come over the
/// loopback, and each user uses up only his own.</summary>
/// <param name="clock">The clock.</param>
internal sealed class ClientPlaces(TimeProvider clock)
{
    /// <summary>Of one user. A browser opens six; a web server in front has those of all its
    /// clients.</summary>
    internal const int PlacesMax = 32;

    private const string Refused = "kopis-web: connections refused, too many of one user";

    private const string Unknown = "kopis-web: connections closed, their user is not known";

    private readonly PlaceCounts<uint> _places = new();
    private readonly LogThrottle _log = new(ErrorLog.Write, clock);

    /// <summary>Serves a connection, if its user has a place left.</summary>
    internal async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint peer
            || connection.LocalEndPoint is not IPEndPoint own
            || TcpPeer.UidOf(peer, own) is not { } uid)
        {
            _log.Write(Unknown, Unknown); // It has gone, or the kernel has no tcp_diag.
            connection.Abort();
            return;
        }

        if (!TryEnter(uid))
        {
            _log.Write(Refused, $"{Refused}: uid {uid}");
            connection.Abort();
            return;
        }

        try
        {
            connection.Features.Set(new ClientUser(uid));
            await next(connection);
        }
        finally
        {
            Leave(uid);
        }
    }

    /// <summary>Takes a place.</summary>
    internal bool TryEnter(uint uid) => _places.TryEnter(uid, PlacesMax);

    /// <summary>Gives it back.</summary>
    internal void Leave(uint uid) => _places.Leave(uid);
}
