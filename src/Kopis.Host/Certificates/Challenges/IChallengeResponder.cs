namespace Kopis.Host.Certificates.Challenges;

/// <summary>Proves to a server that names are ours, until it is disposed of.</summary>
internal interface IChallengeResponder : IDisposable
{
    /// <summary>The challenge's name in the protocol.</summary>
    string Type { get; }

    /// <summary>Answers one challenge from now on.</summary>
    /// <param name="name">The name to be proved.</param>
    /// <param name="token">The server's token, which consists of base64url characters only.</param>
    /// <param name="authorization">The key authorization (RFC 8555 §8.1).</param>
    void Offer(string name, string token, string authorization);
}
