namespace Kopis.Remote;

/// <summary>TLS was begun and did not come about; the connection cannot be used any more.</summary>
internal sealed class TlsFailedException(string reason, Exception? inner = null)
    : IOException(reason, inner);
