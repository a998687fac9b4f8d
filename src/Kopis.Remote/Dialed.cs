using System.Net;
using System.Net.Sockets;

namespace Kopis.Remote;

/// <summary>The result of connecting to one address.</summary>
/// <param name="Place">Its place among the addresses of the destination.</param>
/// <param name="Socket">The connection; null: there is none.</param>
/// <param name="Why">Why there is no connection; empty if another one was faster.</param>
internal readonly record struct Dialed(int Place, Socket? Socket, string Why)
{
    /// <summary>Whether the address did not answer.</summary>
    internal bool IsTimeout { get; init; }

    /// <summary>Whether the failure was on this host, so that it says nothing about the address.
    /// </summary>
    internal bool IsOurs { get; init; }

    /// <summary>Why the line of control/sourceaddresses for the server cannot be used; null if it
    /// can, or there is none.</summary>
    internal string? Fault { get; init; }

    /// <summary>Whether that line has no address of the family.</summary>
    internal bool IsWithoutSource { get; init; }

    /// <summary>The address of this host that a line of control/sourceaddresses names; null: the
    /// system chose it.</summary>
    internal IPAddress? Source { get; init; }
}
