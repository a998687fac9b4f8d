namespace Kopis.Net.Tls;

/// <summary>The result of <see cref="Connection.StartTlsAsync"/>.</summary>
/// <param name="Established">Whether the connection is encrypted now. If not, it cannot be used any
/// more, except with <paramref name="HasPlaintextAhead"/>.</param>
/// <param name="HasPlaintextAhead">Whether the peer sent more before it could know that we agree. A
/// server that kept these bytes would treat them as sent within TLS (CVE-2011-0411), so TLS was not
/// begun. The connection is unchanged and should be closed.</param>
/// <param name="Reason">Why it failed, for the log.</param>
public readonly record struct TlsStart(
    bool Established, bool HasPlaintextAhead, string Reason)
{
    /// <summary>The reason if the peer left without sending a byte of TLS.</summary>
    internal const string NothingSaid = "the client left";

    /// <summary>Whether the peer only tested whether somebody answers, as monitors do.</summary>
    public bool IsProbe => Reason == NothingSaid;
}
