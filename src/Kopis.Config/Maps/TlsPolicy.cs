namespace Kopis.Config.Maps;

/// <summary>What a connection to one destination must fulfil.</summary>
/// <param name="Level">The level that is required.</param>
/// <param name="Names">For <see cref="TlsLevel.Verify"/>, the certificate must have one of these
/// names; <c>.example</c> stands for any name below it. Empty: the destination's own name, or one
/// below it.</param>
public sealed record TlsPolicy(TlsLevel Level, IReadOnlyList<string> Names)
{
    /// <summary>The line and why it is not a policy; null if it is one. Mail for the line's domain
    /// waits until it is corrected, because an intended level must never become a weaker one.
    /// </summary>
    public string? Fault { get; init; }

    /// <summary>Who decides what is required, if the level alone does not.</summary>
    public TlsSource Source { get; init; }
}
