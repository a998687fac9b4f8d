namespace Kopis.Remote;

/// <summary>Thrown if TLS was begun and failed; the connection cannot be used any more.</summary>
internal sealed class TlsFailedException(string reason, Exception? inner = null)
    : IOException(reason, inner);
