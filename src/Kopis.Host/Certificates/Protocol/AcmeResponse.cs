namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server's response.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The whole body, of limited size.</param>
internal sealed record AcmeResponse(int Status, byte[] Body)
{
    /// <summary>The media type, without parameters.</summary>
    internal string MediaType { get; init; } = "";

    /// <summary>The nonce for the next request.</summary>
    internal string? Nonce { get; init; }

    /// <summary>The URL of the resource that was created.</summary>
    internal string? Location { get; init; }

    /// <summary>When to ask again.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    internal bool IsSuccess => Status is >= 200 and < 300;
}
