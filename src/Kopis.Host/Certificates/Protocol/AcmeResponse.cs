namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server's response.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">All of it, of bounded size.</param>
internal sealed record AcmeResponse(int Status, byte[] Body)
{
    /// <summary>The media type, without parameters.</summary>
    internal string MediaType { get; init; } = "";

    /// <summary>For the next request.</summary>
    internal string? Nonce { get; init; }

    /// <summary>The URL of what was made.</summary>
    internal string? Location { get; init; }

    /// <summary>When to ask again.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    internal bool IsSuccess => Status is >= 200 and < 300;
}
