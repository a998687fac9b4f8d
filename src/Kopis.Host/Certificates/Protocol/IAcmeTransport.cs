namespace Kopis.Host.Certificates.Protocol;

/// <summary>HTTPS to a server: requests out, bounded answers in.</summary>
internal interface IAcmeTransport
{
    /// <summary>A plain read: the directory.</summary>
    Task<AcmeResponse> GetAsync(string url, CancellationToken stop);

    /// <summary>A read of the headers alone: a nonce.</summary>
    Task<AcmeResponse> HeadAsync(string url, CancellationToken stop);

    /// <summary>A signed request.</summary>
    /// <exception cref="AcmeException">There is no answer, or one too long.</exception>
    Task<AcmeResponse> PostAsync(string url, byte[] body, CancellationToken stop);
}
