namespace Kopis.Config.Maps;

/// <summary>What connections to one destination require.</summary>
/// <param name="Level">How much.</param>
/// <param name="Names">Of these the certificate must have one, where <paramref name="Level"/> is
/// <see cref="TlsLevel.Verify"/>; <c>.example</c> is any name below it. None: the destination's
/// own name, or one below it.</param>
public sealed record TlsPolicy(TlsLevel Level, IReadOnlyList<string> Names)
{
    /// <summary>The line and why it is not a policy; null if it is. Mail of the line's domain
    /// waits until it is corrected: an intended level must never become a weaker one.</summary>
    public string? Fault { get; init; }

    /// <summary>Who says what is required, where that is not the level alone.</summary>
    public TlsSource Source { get; init; }
}
