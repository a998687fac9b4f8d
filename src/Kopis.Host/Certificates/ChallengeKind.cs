namespace Kopis.Host.Certificates;

/// <summary>How this host proves to a server that a name is its own.</summary>
internal enum ChallengeKind : byte
{
    /// <summary>A file over HTTP, port 80 (RFC 8555 §8.3).</summary>
    Http,

    /// <summary>A certificate over TLS, port 443 (RFC 8737).</summary>
    TlsAlpn,
}
