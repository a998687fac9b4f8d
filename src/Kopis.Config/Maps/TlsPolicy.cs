namespace Kopis.Config.Maps;

/// <summary>What is asked of connections to one destination.</summary>
/// <param name="Level">How much.</param>
/// <param name="Names">Of these the certificate must have one, where <paramref name="Level"/> is
/// <see cref="TlsLevel.Verify"/>; <c>.example</c> is any name below it. None: the destination's
/// own name, or one below it.</param>
public sealed record TlsPolicy(TlsLevel Level, IReadOnlyList<string> Names)
{
    /// <summary>The line and why it is no policy; null where it is one. Mail of the line's domain
    /// waits until it is mended: a level that was meant must never become a weaker one.</summary>
    public string? Fault { get; init; }
}
