using System.Net;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>The server that an attempt came to.</summary>
/// <param name="Host">Its name; empty for a literal address.</param>
/// <param name="Address">Its IP address.</param>
/// <param name="TlsVersion">As <c>TLSv1.3</c>; empty without TLS.</param>
/// <param name="Flags">Facts of the session.</param>
internal sealed record AttemptServer(
    string Host, string Address, string TlsVersion, AttemptFlags Flags)
{
    /// <summary>The address of this host that a line of control/sourceaddresses names; null: the
    /// system chose it.</summary>
    internal IPAddress? Source { get; init; }

    /// <summary>The name of the destination; empty if there was no connection.</summary>
    internal string Destination { get; init; } = "";
}
