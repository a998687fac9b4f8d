namespace Kopis.Remote;

/// <summary>TLS was begun and did not come about; the connection is of no more use.</summary>
internal sealed class TlsFailedException(string reason, Exception? inner = null)
    : IOException(reason, inner);
