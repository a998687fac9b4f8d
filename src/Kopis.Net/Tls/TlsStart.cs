namespace Kopis.Net.Tls;

/// <summary>What came of <see cref="Connection.StartTlsAsync"/>.</summary>
/// <param name="Established">The connection is encrypted from now on; else it is of no more use,
/// but for <paramref name="HasPlaintextAhead"/>.</param>
/// <param name="HasPlaintextAhead">The peer sent more before it could know that we agree. That
/// would be taken for words said under encryption by a server that kept it (CVE-2011-0411), so
/// nothing was begun; the connection is as it was and should be closed.</param>
/// <param name="Reason">Why not, for the log.</param>
public readonly record struct TlsStart(
    bool Established, bool HasPlaintextAhead, string Reason)
{
    /// <summary>The reason where the peer left without a byte of TLS.</summary>
    internal const string NothingSaid = "the client left";

    /// <summary>Whether it only looked whether somebody answers, as monitors do.</summary>
    public bool IsProbe => Reason == NothingSaid;
}
