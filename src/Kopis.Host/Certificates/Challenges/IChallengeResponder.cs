namespace Kopis.Host.Certificates.Challenges;

/// <summary>Shows a server that names are ours, as long as it lives.</summary>
internal interface IChallengeResponder : IDisposable
{
    /// <summary>The challenge's name in the protocol.</summary>
    string Type { get; }

    /// <summary>Answers one challenge from now on.</summary>
    /// <param name="name">The name that is to be shown as ours.</param>
    /// <param name="token">The server's, of base64url alone.</param>
    /// <param name="authorization">The key authorization (RFC 8555 §8.1).</param>
    void Offer(string name, string token, string authorization);
}
