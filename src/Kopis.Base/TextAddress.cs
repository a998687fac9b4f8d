namespace Kopis.Base;

/// <summary>A mail address in text, by its parts as <see cref="Address"/> has them: the last
/// <c>@</c> divides, and a word without one is a local part without a domain.</summary>
public readonly ref struct TextAddress
{
    /// <summary>Divides an address.</summary>
    /// <param name="text">Unquoted.</param>
    public TextAddress(ReadOnlySpan<char> text)
    {
        int at = text.LastIndexOf('@');
        Local = at < 0 ? text : text[..at];
        AtDomain = at < 0 ? [] : text[at..];
    }

    /// <inheritdoc cref="Address.HasAt"/>
    public bool HasAt => !AtDomain.IsEmpty;

    /// <inheritdoc cref="Address.IsComplete"/>
    public bool IsComplete => AtDomain.Length > 1 && !Local.IsEmpty;

    /// <inheritdoc cref="Address.Local"/>
    public ReadOnlySpan<char> Local { get; }

    /// <inheritdoc cref="Address.AtDomain"/>
    public ReadOnlySpan<char> AtDomain { get; }

    /// <inheritdoc cref="Address.Domain"/>
    public ReadOnlySpan<char> Domain => HasAt ? AtDomain[1..] : [];

    /// <inheritdoc cref="Address.DomainOrAll"/>
    public ReadOnlySpan<char> DomainOrAll => HasAt ? AtDomain[1..] : Local;
}
