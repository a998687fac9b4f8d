using System.Net;
using Kopis.Base;
using Kopis.Posix;
using Microsoft.AspNetCore.Connections;

namespace Kopis.Web.Server;

/// <summary>Limits the connections at once of each user of this host. All connections come over the
/// loopback; a user can use up only the places of that user.</summary>
/// <param name="clock">The clock.</param>
internal sealed class ClientPlaces(TimeProvider clock)
{
    /// <summary>The most for one user. A browser opens six; a web server in front has those of all
    /// its clients.</summary>
    internal const int PlacesMax = 32;

    private const string Refused = "kopis-web: connections refused, too many of one user";

    private const string Unknown = "kopis-web: connections closed, their user is not known";

    private readonly PlaceCounts<uint> _places = new();
    private readonly LogThrottle _log = new(ErrorLog.Write, clock);

    /// <summary>Serves a connection, if its user has a free place.</summary>
    internal async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint peer
            || connection.LocalEndPoint is not IPEndPoint own
            || TcpPeer.UidOf(peer, own) is not { } uid)
        {
            _log.Write(Unknown, Unknown); // The client is gone, or the kernel lacks tcp_diag.
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

    /// <summary>Gives a place back.</summary>
    internal void Leave(uint uid) => _places.Leave(uid);
}
