using System.Net;
using System.Net.Sockets;

namespace Kopis.Remote;

/// <summary>What became of connecting to one address.</summary>
/// <param name="Place">Its place among the addresses of the destination.</param>
/// <param name="Socket">The connection; null: there is none.</param>
/// <param name="Why">Why there is none; empty if another was faster.</param>
internal readonly record struct Dialed(int Place, Socket? Socket, string Why)
{
    /// <summary>The address was silent.</summary>
    internal bool IsTimeout { get; init; }

    /// <summary>It is this host that failed, which says nothing of the address.</summary>
    internal bool IsOurs { get; init; }

    /// <summary>Why the line of control/sourceaddresses for the server cannot be used; null: it
    /// can, or there is none.</summary>
    internal string? Fault { get; init; }

    /// <summary>That line has no address of the family.</summary>
    internal bool IsWithoutSource { get; init; }

    /// <summary>The address of this host that a line of control/sourceaddresses names; null: the
    /// system chose.</summary>
    internal IPAddress? Source { get; init; }
}
