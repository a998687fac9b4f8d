namespace Kopis.Host.Certificates.Protocol;

/// <summary>Sends requests to a server over HTTPS, and receives responses of limited size.
/// </summary>
internal interface IAcmeTransport
{
    /// <summary>Reads a resource without a signature: the directory.</summary>
    Task<AcmeResponse> GetAsync(string url, CancellationToken stop);

    /// <summary>Reads only the header of a response: a nonce.</summary>
    Task<AcmeResponse> HeadAsync(string url, CancellationToken stop);

    /// <summary>Sends a signed request.</summary>
    /// <exception cref="AcmeException">There is no response, or it is too long.</exception>
    Task<AcmeResponse> PostAsync(string url, byte[] body, CancellationToken stop);
}
